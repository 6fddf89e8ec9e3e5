// SPDX-License-Identifier: GPL-3.0-or-later

// A job type for Flamenco: renders the frames of a .blend and labels them, in chunks; then merges, and exports formats
// for training. Put it into the folder "scripts" next to flamenco-manager, and refresh the job types in Blender.
// The extension has to be enabled on the workers. Every task may run again: it does only what is missing.

const JOB_TYPE = {
    label: "Labelpass Dataset",
    description: "Render frames and label them as training data",
    settings: [
        {
            key: "frames", type: "string", required: true,
            eval: "f'{C.scene.frame_start}-{C.scene.frame_end}'",
            evalInfo: { showLinkButton: true, description: "Scene frame range" },
            description: "Frames to render, such as 1-250, 300",
        },
        {
            key: "chunk_size", type: "int32", default: 20, propargs: { min: 1 }, visible: "submission",
            description: "How many frames a task renders. Blender starts anew for each task",
        },
        {
            key: "dataset", type: "string", subtype: "dir_path", required: true, visible: "submission",
            description: "Folder of the dataset, which all workers have to see",
        },
        {
            key: "script", type: "string", subtype: "file_path", required: true, visible: "submission",
            description: "The file export_annotations.py of Labelpass, where all workers see it",
        },
        {
            key: "sequence", type: "string", default: "", visible: "submission",
            description: "Name of the sequence, if several .blend files go into one dataset",
        },
        {
            key: "options", type: "string", default: "--set-up-passes", visible: "submission",
            description: "More options of export_annotations.py, without spaces in their values",
        },
        {
            key: "formats", type: "string", default: "", visible: "submission",
            description: "Formats to export at the end, such as coco,yolo_segment. Leave it empty for none",
        },
        {
            key: "splits", type: "string", default: "train=80,val=20", visible: "submission",
            description: "How the exported frames are divided",
        },
        {
            key: "labelpass", type: "string", default: "labelpass", visible: "hidden",
            description: "The command that starts Labelpass without Blender",
        },
        { key: "blendfile", type: "string", required: true, visible: "web", description: "Path of the .blend" },
    ],
};

function compileJob(job) {
    const settings = job.settings;

    const plan = author.Task("plan", "blender");
    plan.addCommand(headless(settings, settings.frames, ["--plan"]));
    job.addTask(plan);

    const merge = author.Task("merge", "misc");
    for (const chunk of frameChunker(settings.frames, settings.chunk_size)) {
        const task = author.Task(`render-${chunk}`, "blender");
        task.addCommand(headless(settings, chunk, ["--no-overwrite", "--no-merge"]));
        task.addDependency(plan);
        job.addTask(task);
        merge.addDependency(task);
    }

    merge.addCommand(author.Command("exec", { exe: settings.labelpass, args: ["merge", settings.dataset] }));
    if (settings.formats) {
        merge.addCommand(author.Command("exec", {
            exe: settings.labelpass,
            args: ["export", settings.dataset, "--formats", settings.formats, "--splits", settings.splits],
        }));
    }
    job.addTask(merge);
}

// Runs export_annotations.py over some frames.
function headless(settings, frames, more) {
    const options = settings.options.split(" ").filter((option) => option.length > 0);
    return author.Command("blender-render", {
        exe: "{blender}",
        exeArgs: "{blenderArgs}",
        argsBefore: [],
        blendfile: settings.blendfile,
        args: [
            "--python-exit-code", "1",
            "-P", settings.script,
            "--",
            "--render",
            "--output", settings.dataset,
            "--sequence", settings.sequence,
            "--frames", frames,
            ...more,
            ...options,
        ],
    });
}
