//! Frameworks and the places they keep progress and metrics in, as one table (formats.md §11.2).
//!
//! A row is recognised by the keys at the root. What its reader has seen to is left out of the generic
//! search that follows; everything else at the root is searched as in a hand-made checkpoint.

mod callbacks;
mod large;
mod lightning;
mod openmmlab;
mod speech;
mod transformers;
mod vision;

use super::epoch::Base;
use super::look::Look;
use super::metadata::Draft;

/// How one framework's checkpoints are recognised and read.
struct Framework {
    /// Name shown; `None` for a shape many scripts share.
    name: Option<&'static str>,
    /// Keys the root must have.
    keys: &'static [&'static str],
    /// A further condition.
    test: fn(&Look<'_>) -> bool,
    /// What a plain `epoch` counts.
    base: Base,
    /// Reads what the generic search would not find, or would misunderstand.
    read: fn(&Look<'_>, &mut Draft),
    /// Top-level keys the generic search leaves alone.
    consumed: &'static [&'static str],
}

const fn row(name: &'static str, keys: &'static [&'static str], base: Base) -> Framework {
    Framework { name: Some(name), keys, test: always, base, read: nothing, consumed: &[] }
}

const fn with(
    mut row: Framework,
    read: fn(&Look<'_>, &mut Draft),
    consumed: &'static [&'static str],
) -> Framework {
    row.read = read;
    row.consumed = consumed;
    row
}

const fn when(mut row: Framework, test: fn(&Look<'_>) -> bool) -> Framework {
    row.test = test;
    row
}

const fn unnamed(mut row: Framework) -> Framework {
    row.name = None;
    row
}

/// The first row that fits is taken: those with keys of their own come before those with usual ones.
const TABLE: &[Framework] = &[
    with(row("transformers", &["trainer_state"], Base::Count), transformers::read, &["trainer_state"]),
    with(
        row("lightning", &["pytorch-lightning_version"], Base::Index),
        lightning::read,
        &["callbacks", "loops", "epoch", "global_step", "lr_schedulers", "optimizer_states"],
    ),
    with(
        row("ultralytics", &["train_args"], Base::Index),
        vision::ultralytics,
        &["train_metrics", "train_results"],
    ),
    row("yolov5", &["best_fitness", "opt"], Base::Index),
    with(
        row("mmengine", &["meta", "message_hub"], Base::Count),
        openmmlab::mmengine,
        &["meta", "message_hub"],
    ),
    with(when(row("mmcv", &["meta"], Base::Count), openmmlab::is_mmcv), openmmlab::mmcv, &["meta"]),
    with(
        row("fairseq", &["optimizer_history", "extra_state"], Base::Next),
        speech::fairseq,
        &["extra_state", "optimizer_history", "task_state", "last_optimizer_state"],
    ),
    row("deepspeed", &["ds_version"], Base::Unknown),
    when(row("megatron", &["checkpoint_version", "iteration"], Base::Unknown), |l| l.has("args")),
    with(row("nanogpt", &["iter_num", "model_args"], Base::Unknown), large::nanogpt, &[]),
    row("litgpt", &["iter_num", "step_count"], Base::Unknown),
    with(when(row("composer", &["state"], Base::Count), large::is_composer), large::composer, &["state"]),
    with(row("espnet", &["reporter", "model"], Base::Count), speech::espnet, &["reporter"]),
    row("icefall", &["batch_idx_train"], Base::Count),
    row("dino", &["student", "teacher", "epoch"], Base::Count),
    row("imagenet", &["arch", "best_acc1"], Base::Count),
    row("imagenet", &["arch", "best_prec1"], Base::Count),
    with(
        when(row("timm", &["arch", "version", "state_dict"], Base::Index), |l| {
            l.number_at("version") >= Some(2.0)
        }),
        vision::timm,
        &["metric", "saver", "version"],
    ),
    with(
        row("timm", &["arch", "version", "state_dict"], Base::Count),
        vision::timm,
        &["metric", "saver", "version"],
    ),
    when(row("open_clip", &["name", "state_dict", "epoch"], Base::Count), vision::is_named),
    with(
        when(row("ignite", &["trainer"], Base::Count), callbacks::is_ignite),
        callbacks::ignite,
        &["trainer"],
    ),
    row("torchtune", &["epochs_run", "total_epochs"], Base::Count),
    with(row("torchtitan", &["train_state"], Base::Count), large::torchtitan, &[]),
    with(row("accelerate", &["random_state", "numpy_random_seed"], Base::Unknown), large::accelerate, &[]),
    with(
        when(row("accelerate", &[], Base::Unknown), transformers::is_accelerate),
        transformers::accelerate,
        &[],
    ),
    with(
        row("catalyst", &["model_state_dict", "criterion_state_dict"], Base::LikelyIndex),
        callbacks::catalyst,
        &["valid_metrics", "epoch_metrics"],
    ),
    row("opennmt", &["model", "generator", "vocab", "opt"], Base::Unknown),
    row("coqui", &["model", "step", "model_loss"], Base::Unknown),
    when(row("torchvision", &["model", "lr_scheduler", "args"], Base::Index), vision::has_output_folder),
    // MAE, DeiT, DETR and what grew from them.
    when(row("mae", &["model", "optimizer", "epoch", "args"], Base::Index), vision::has_output_folder),
    unnamed(row("", &["model", "optimizer", "epoch", "args"], Base::LikelyIndex)),
    with(
        when(row("detectron2", &["model", "iteration"], Base::Index), large::is_detectron),
        large::detectron,
        &["iteration"],
    ),
    when(row("fastai", &["model", "opt"], Base::Unknown), |l| l.top().len() == 2),
    // The tutorial's keys: a loop index, as a rule from 0.
    unnamed(row("", &["model_state_dict", "epoch"], Base::LikelyIndex)),
];

fn always(_: &Look<'_>) -> bool {
    true
}

fn nothing(_: &Look<'_>, _: &mut Draft) {}

/// Reads what the framework's own places hold. Returns the keys that need no further search, and what a plain
/// `epoch` counts.
pub(super) fn read(look: &Look<'_>, draft: &mut Draft) -> (&'static [&'static str], Base) {
    let found = TABLE.iter().find(|f| f.keys.iter().all(|k| look.has(k)) && (f.test)(look));
    if let Some(framework) = found {
        draft.framework = framework.name;
        (framework.read)(look, draft);
        return (framework.consumed, framework.base);
    }
    draft.framework = large::other(look);
    (&[], Base::Unknown)
}

#[cfg(test)]
mod tests;
