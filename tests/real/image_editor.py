"""The Image Editor of a window, and what the overlay shows in it."""

import time

from tests.real.window import Window

SWITCHES = "bpy.context.window_manager.labelpass_overlay"
SPACE = "editor('IMAGE_EDITOR').spaces.active"
STATUS = (
    "next(m for n, m in sys.modules.items() if n.endswith('labelpass.operators.overlay.overlay'))"
    f".status_of({SPACE}) if {SWITCHES}.show else None"
)


def open_image_editor(window: Window, image: str) -> None:
    """Turn the 3D Viewport into an Image Editor that shows an image, given as Python, with the tab Labelpass open."""
    window.ask("setattr(editor(), 'type', 'IMAGE_EDITOR')")
    window.editor = "IMAGE_EDITOR"
    window.ask(f"setattr({SPACE}, 'image', {image})")
    time.sleep(1)
    window.open_tab("Labelpass")
    window.leave()


def wait_for_status(window: Window, record: str, note: str = "") -> None:
    """Until the panel says so; 5 seconds at most."""
    end = time.monotonic() + 5
    while (status := window.ask(STATUS)) != [record, note] and time.monotonic() < end:
        time.sleep(0.1)
    assert status == [record, note]
