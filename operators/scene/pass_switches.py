"""Which property of a view layer turns each pass on."""

from ...core.settings.render_pass import Pass

PASS_SWITCHES = {
    Pass.COMBINED: "use_pass_combined",
    Pass.DEPTH: "use_pass_z",
    Pass.OBJECT_INDEX: "use_pass_object_index",
    Pass.MATERIAL_INDEX: "use_pass_material_index",
    Pass.NORMAL: "use_pass_normal",
    Pass.POSITION: "use_pass_position",
    Pass.VECTOR: "use_pass_vector",
    Pass.UV: "use_pass_uv",
    Pass.CRYPTO_OBJECT: "use_pass_cryptomatte_object",
    Pass.CRYPTO_MATERIAL: "use_pass_cryptomatte_material",
    Pass.CRYPTO_ASSET: "use_pass_cryptomatte_asset",
}
