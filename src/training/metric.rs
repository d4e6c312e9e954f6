//! What the name of a metric tells: that it is one, which way is better, and which split it was taken on.
//!
//! Names are read as words: `bestValLoss`, `best/val-loss` and `best_val_losses` say the same. The lists
//! follow formats.md §11.2 and what the frameworks named there log.

use super::Mode;

/// Words of metrics that get better by falling.
#[rustfmt::skip]
const DOWN: [&str; 42] = [
    "loss", "error", "err", "ppl", "perplexity", "fid", "kid", "lpips", "mae", "mse", "rmse", "mape",
    "smape", "wer", "cer", "ter", "per", "eer", "der", "nll", "bpc", "bpb", "bpd", "ece", "brier", "epe",
    "mcd", "kl", "kld", "ce", "bce", "dcf", "chamfer", "regret", "fvd", "mpjpe", "ade", "fde", "rmsle",
    "hd", "assd", "niqe",
];
/// Words of metrics that get better by rising.
#[rustfmt::skip]
const UP: [&str; 65] = [
    "acc", "accuracy", "prec", "precision", "recall", "f1", "f2", "fscore", "auc", "auroc", "auprc",
    "aupr", "map", "ap", "ar", "miou", "iou", "giou", "dice", "psnr", "ssim", "bleu", "rouge", "meteor",
    "cider", "spice", "chrf", "score", "metric", "fitness", "reward", "return", "r2", "top1", "top3",
    "top5", "rank1", "ndcg", "mrr", "hit", "kappa", "mcc", "sensitivity", "specificity", "pck", "pq",
    "em", "snr", "sdr", "stoi", "pesq", "mos", "pearson", "spearman", "correlation", "success", "uas",
    "las", "rew", "dsc", "elo", "jaccard", "hmean", "nmi", "ari",
];
/// Words of values that are worth a curve and have no better or worse.
const NEUTRAL: [&str; 3] = ["lr", "grad_norm", "gradnorm"];
/// Words that make a number a setting or a counter even beside the word of a metric.
#[rustfmt::skip]
const SETTINGS: [&str; 28] = [
    "weight", "coef", "coeff", "coefficient", "lambda", "scale", "scaler", "fn", "func", "function",
    "type", "interval", "patience", "threshold", "thresh", "margin", "smoothing", "decay", "warmup",
    "idx", "index", "freq", "num", "count", "window", "dim", "size", "version",
];
/// Words that only say that a value is kept over time.
const KEPT: [&str; 9] = ["history", "hist", "list", "curve", "log", "all", "values", "per", "epoch"];

/// The part of the data a metric was taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Training data.
    Train,
    /// Held-out data the training is steered by.
    Validation,
    /// Data for the final judgement.
    Test,
    /// The name does not say.
    Unsaid,
}

/// The words of a name in lower case, plurals made singular.
pub fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in name.split(|c: char| !c.is_alphanumeric()).filter(|p| !p.is_empty()) {
        let mut start = 0;
        let mut run = 0_usize;
        for (at, c) in part.char_indices() {
            // `trainLoss` is two words; `mAP` and `mIoU` are one.
            if c.is_uppercase() && run >= 2 {
                words.push(singular(part.get(start..at).unwrap_or_default()));
                start = at;
            }
            run = if c.is_lowercase() { run + 1 } else { 0 };
        }
        words.push(singular(part.get(start..).unwrap_or_default()));
    }
    words
}

fn singular(word: &str) -> String {
    let word = word.to_lowercase();
    let one = match word.as_str() {
        "losses" => "loss",
        "lrs" => "lr",
        "accuracies" => "accuracy",
        "perplexities" => "perplexity",
        "valid" | "validation" | "eval" | "evaluation" | "dev" => "val",
        "training" => "train",
        "testing" => "test",
        "bias" | "values" => &word,
        other => match other.strip_suffix('s') {
            Some(one) if other.len() > 3 && !one.ends_with('s') => one,
            _ => other,
        },
    };
    one.to_owned()
}

/// A metric's word without the number glued to it: `acc1`, `map50`. Words that need theirs keep it.
fn stem(word: &str) -> &str {
    let kept = DOWN.contains(&word) || UP.contains(&word);
    if kept { word } else { word.trim_end_matches(|c: char| c.is_ascii_digit()) }
}

/// True when a number of this name is something to follow over training.
pub fn is_metric(name: &str) -> bool {
    let words = words(name);
    let counter = words.iter().any(|w| w == "best")
        && words.last().is_some_and(|w| matches!(w.as_str(), "epoch" | "step" | "iter" | "iteration"));
    let setting = words.iter().any(|w| SETTINGS.contains(&w.as_str()) || w == "rate")
        && !is_learning_rate(&words)
        && !words.iter().any(|w| w == "error");
    !counter && !setting && (mode_of_words(&words).is_some() || is_learning_rate(&words))
}

fn is_learning_rate(words: &[String]) -> bool {
    let pair = |a: &str, b: &str| words.windows(2).any(|w| matches!(w, [x, y] if x == a && y == b));
    words.iter().any(|w| w == "lr") || pair("learning", "rate")
}

fn mode_of_words(words: &[String]) -> Option<Mode> {
    let any = |list: &[&str]| words.iter().any(|w| list.contains(&stem(w)));
    let pair = words.windows(2).any(|w| matches!(w, [a, b] if a == "grad" && b == "norm"));
    match () {
        () if any(&NEUTRAL) || pair => Some(Mode::None),
        // A loss named after what it improves (`iou_loss`) is a loss.
        () if any(&["loss", "error", "err"]) => Some(Mode::Min),
        () if any(&UP) => Some(Mode::Max),
        () if any(&DOWN) => Some(Mode::Min),
        () => None,
    }
}

/// Which way is better, guessed from the name.
pub fn mode_of(name: &str) -> Mode {
    mode_of_words(&words(name)).unwrap_or(Mode::None)
}

/// The split a metric was taken on, guessed from the name.
pub fn split_of(name: &str) -> Split {
    let words = words(name);
    let has = |word: &str| words.iter().any(|w| w == word);
    match () {
        () if has("val") => Split::Validation,
        () if has("test") => Split::Test,
        () if has("train") => Split::Train,
        () => Split::Unsaid,
    }
}

/// True for the best value so far, as opposed to the value of one checkpoint.
pub fn is_running_best(name: &str) -> bool {
    let words = words(name);
    // `max_accuracy` of Swin's and others' scripts; RLlib's `episode_reward_max` is of one iteration.
    let first = matches!(words.first().map(String::as_str), Some("max" | "min" | "highest" | "lowest"));
    first && words.len() > 1 || words.iter().any(|w| w == "best")
}

/// True for a loss.
pub fn is_loss(name: &str) -> bool {
    words(name).iter().any(|w| w == "loss")
}

/// A form in which names of the same metric agree: `val_losses`, `valid/loss` and `validationLoss`.
pub fn canonical(name: &str) -> String {
    let all = words(name);
    let kept: Vec<&str> = all.iter().map(String::as_str).filter(|w| !KEPT.contains(w)).collect();
    let kept = if kept.is_empty() { all.iter().map(String::as_str).collect() } else { kept };
    let mut out = String::new();
    for word in kept {
        if !out.is_empty() {
            out.push('_');
        }
        out.push_str(match word {
            "accuracy" => "acc",
            "precision" => "prec",
            "perplexity" => "ppl",
            other => other,
        });
    }
    out
}

/// The name of one value of a history: `val_losses` holds values of `val_loss`.
pub fn of_history(name: &str) -> String {
    const SUFFIXES: [&str; 6] = ["_history", "_hist", "_list", "_curve", "_log", "_values"];
    let short = SUFFIXES.iter().find_map(|s| name.strip_suffix(s)).filter(|n| !n.is_empty()).unwrap_or(name);
    let plurals = [("losses", "loss"), ("accuracies", "accuracy"), ("accs", "acc"), ("scores", "score")];
    for (many, one) in
        plurals.into_iter().chain([("metrics", "metric"), ("rewards", "reward"), ("lrs", "lr")])
    {
        if let Some(start) = short.strip_suffix(many) {
            return format!("{start}{one}");
        }
    }
    short.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_words() {
        assert_eq!(words("bestValLoss"), ["best", "val", "loss"]);
        assert_eq!(words("metrics/mAP50-95(B)"), ["metric", "map50", "95", "b"]);
        assert_eq!(words("mIoU"), ["miou"]);
        assert_eq!(words("valid_accuracies"), ["val", "accuracy"]);
    }

    #[test]
    fn metrics_are_told_from_settings_and_counters() {
        for name in [
            "loss",
            "val_loss",
            "train_losses",
            "best_acc1",
            "best_prec1",
            "metrics/mAP50(B)",
            "top5",
            "val_f1",
            "valid/ppl",
            "eval_reward",
            "fitness",
            "metric",
            "lr",
            "learning_rate",
            "error_rate",
            "train_loss_epoch",
            "r2",
            "bbox_mAP",
            "epoch_train_loss",
            "grad_norm",
        ] {
            assert!(is_metric(name), "{name}");
        }
        for name in [
            "epoch",
            "loss_scale",
            "best_acc_epoch",
            "loss_weight",
            "score_threshold",
            "label_smoothing",
            "iou_thresh",
            "momentum",
            "kl_weight",
            "dropout_rate",
            "step",
            "seed",
            "n_parameters",
            "loss_fn",
            "best_epoch",
            "metric_type",
        ] {
            assert!(!is_metric(name), "{name}");
        }
    }

    #[test]
    fn which_way_is_better() {
        for (name, want) in [
            ("val_loss", Mode::Min),
            ("iou_loss", Mode::Min),
            ("top1_error", Mode::Min),
            ("perplexity", Mode::Min),
            ("FID", Mode::Min),
            ("rmse", Mode::Min),
            ("wer", Mode::Min),
            ("val_acc", Mode::Max),
            ("metrics/mAP50-95(B)", Mode::Max),
            ("best_acc1", Mode::Max),
            ("bleu4", Mode::Max),
            ("episode_reward", Mode::Max),
            ("val_mIoU", Mode::Max),
            ("lr/pg0", Mode::None),
            ("grad_norm", Mode::None),
            ("something", Mode::None),
        ] {
            assert_eq!(mode_of(name), want, "{name}");
        }
    }

    #[test]
    fn names_of_one_metric_agree() {
        for (a, b) in [
            ("val_losses", "valid/loss"),
            ("trainLossHistory", "train_loss"),
            ("val_accuracy", "validation_acc"),
            ("epoch_train_losses", "train_loss"),
        ] {
            assert_eq!(canonical(a), canonical(b));
        }
        assert_ne!(canonical("best_val_loss"), canonical("val_loss"));
        assert_ne!(canonical("train/loss"), canonical("val/loss"));
    }

    #[test]
    fn one_value_of_a_history() {
        for (many, one) in [
            ("val_losses", "val_loss"),
            ("loss_history", "loss"),
            ("val_accuracies", "val_accuracy"),
            ("train_acc", "train_acc"),
            ("lrs", "lr"),
        ] {
            assert_eq!(of_history(many), one);
        }
    }
}
