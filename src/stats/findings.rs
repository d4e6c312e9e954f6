//! What statistics mean, in words.

use super::result::TensorStats;
use crate::checkpoint::{Checkpoint, SectionRole, TensorEntry};
use crate::tensor::{DType, Numeric};
use crate::text::number;

/// The largest float16.
const FLOAT16_MAX: f64 = 65_504.0;

/// Something worth saying about a tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// So many elements are not a number.
    Nan(u64),
    /// So many are infinite.
    Infinite(u64),
    /// All elements are what they usually are before the first step.
    NeverTrained(f64),
    /// All elements are 0.
    AllZero,
    /// All elements are the same.
    Constant(f64),
    /// So many rows, of so many, are all 0.
    DeadRows(u64, u64),
    /// An element so large does not fit into float16.
    Float16Overflow(f64),
}

impl Finding {
    /// True where it says that training went wrong, and not merely that something is odd.
    pub fn is_serious(self) -> bool {
        matches!(self, Self::Nan(_) | Self::Infinite(_))
    }

    /// In words, without the name of the tensor.
    pub fn text(self) -> String {
        match self {
            Self::Nan(n) => format!("{} NaN", number::grouped(n)),
            Self::Infinite(n) => format!("{} infinite", number::grouped(n)),
            Self::NeverTrained(x) => {
                format!("never trained: all {}, its usual initial value", number::number(x))
            }
            Self::AllZero => "all zero".to_owned(),
            Self::Constant(x) => format!("constant: all {}", number::metric(x)),
            Self::DeadRows(dead, rows) => {
                format!("dead rows: {} of {} are all zero", number::grouped(dead), number::grouped(rows))
            }
            Self::Float16Overflow(x) => {
                format!("fp16 overflow likely: {} is over 65504", number::metric(x))
            }
        }
    }
}

/// What there is to say about the tensor of an entry, the most serious first.
pub fn findings(checkpoint: &Checkpoint, entry: &TensorEntry, stats: &TensorStats) -> Vec<Finding> {
    let mut found = Vec::new();
    if stats.nan > 0 {
        found.push(Finding::Nan(stats.nan));
    }
    if stats.inf > 0 {
        found.push(Finding::Infinite(stats.inf));
    }
    let role = checkpoint.section_of(entry).map(|section| section.role);
    let dtype = checkpoint.meta(entry).dtype;
    // Moments of an optimizer are 0 or huge for good reasons; masks and positions are what they are.
    if !matches!(role, Some(SectionRole::Model | SectionRole::Ema)) {
        return found;
    }
    let (min, max) = (stats.moments.min, stats.moments.max);
    let same = (stats.moments.count == stats.count && stats.count > 0 && min >= max).then_some(min);
    match same {
        #[allow(clippy::float_cmp)] // a value nothing has touched is that very value
        Some(x) if initial(entry.key(), stats.count).is_some_and(|usual| usual == x) => {
            found.push(Finding::NeverTrained(x));
        }
        Some(x) if stats.count > 1 && dtype.numeric() == Numeric::Float => {
            found.push(if x == 0.0 { Finding::AllZero } else { Finding::Constant(x) });
        }
        _ => {}
    }
    if let (Some((dead, rows)), None) = (stats.dead_rows.filter(|(dead, _)| *dead > 0), same)
        && dtype.numeric() == Numeric::Float
    {
        found.push(Finding::DeadRows(dead, rows));
    }
    let wider = matches!(dtype, DType::Float32 | DType::BFloat16 | DType::Float64);
    if wider && stats.moments.abs_max() > FLOAT16_MAX {
        found.push(Finding::Float16Overflow(stats.moments.abs_max()));
    }
    found
}

/// The value all elements of a tensor of this name usually have before the first step (torch.nn's `reset_parameters`
/// of the norm layers, and the second factor of `LoRA`); `None` where it is random or not known. Zero biases are
/// what many initialisations give, and so are weights of one.
fn initial(key: &str, count: u64) -> Option<f64> {
    let mut parts = key.rsplit('.');
    let leaf = parts.next().unwrap_or(key);
    let module = parts.next().unwrap_or_default();
    let is_norm = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains("norm") || name.starts_with("bn") || name.starts_with("ln")
    };
    let lora = key.contains("lora_B") || key.contains("lora_up");
    match leaf {
        "num_batches_tracked" if count == 1 => Some(0.0),
        "running_mean" => Some(0.0),
        "running_var" => Some(1.0),
        _ if lora && leaf == "weight" || leaf == "lora_B" => Some(0.0),
        "bias" if count > 1 => Some(0.0),
        "weight" if is_norm(module) && count > 1 => Some(1.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp)]
    fn usual_initial_values() {
        let cases = [
            ("layer1.0.bn1.weight", 64, Some(1.0)),
            ("layer1.0.bn1.running_var", 64, Some(1.0)),
            ("encoder.layers.0.norm1.bias", 64, Some(0.0)),
            ("bn1.num_batches_tracked", 1, Some(0.0)),
            ("model.layers.0.q_proj.lora_B.default.weight", 64, Some(0.0)),
            ("fc.weight", 64, None),
            ("scale", 1, None),
        ];
        for (key, count, value) in cases {
            assert_eq!(initial(key, count), value, "{key}");
        }
    }

    #[test]
    fn words() {
        assert_eq!(Finding::Nan(12).text(), "12 NaN");
        assert_eq!(Finding::DeadRows(37, 512).text(), "dead rows: 37 of 512 are all zero");
        assert_eq!(Finding::Float16Overflow(1e5).text(), "fp16 overflow likely: 1.000e5 is over 65504");
    }
}
