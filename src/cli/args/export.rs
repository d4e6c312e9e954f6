//! Options of `export` and `average`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};

use crate::export::weights::{Rename, Request};
use crate::tensor::DType;

/// Options of `export`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Export {
    /// The checkpoint
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) file: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) which: Which,
    /// Repair names and shapes so that the weights load into the model REFERENCE was saved from
    #[arg(long, value_name = "REFERENCE", value_hint = ValueHint::AnyPath, conflicts_with_all = ["strip_prefix", "renames"])]
    pub(in crate::cli) repair: Option<PathBuf>,
}

/// Options of `average`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Average {
    /// The checkpoints, or one run folder with --last or --best
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) output: Output,
    #[command(flatten)]
    pub(in crate::cli) which: Which,
    /// Of a run folder, the K newest checkpoints
    #[arg(long, value_name = "K", conflicts_with = "best")]
    pub(in crate::cli) last: Option<usize>,
    /// Of a run folder, the K best checkpoints by the run's metric
    #[arg(long, value_name = "K")]
    pub(in crate::cli) best: Option<usize>,
    /// The metric --best goes by [default: the run's own]
    #[arg(long, value_name = "NAME", requires = "best")]
    pub(in crate::cli) metric: Option<String>,
}

/// Where to write.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Output {
    /// The safetensors file to write; into a folder, under the checkpoint's name
    #[arg(short = 'o', long = "output", value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) path: PathBuf,
    /// Replace files that are there
    #[arg(short, long)]
    pub(in crate::cli) force: bool,
    /// Write several files of at most this size each, with an index (5GB, 500MB, 2GiB)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(in crate::cli) shard_size: Option<u64>,
}

/// Underscores in documentation would be read as something else.
const DTYPES: &str = "Write floats as float64, float32, float16, bfloat16, float8_e4m3fn or float8_e5m2";

/// What to write.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Which {
    /// Section by name, or by role (model, ema, optimizer); may be given again [default: the model]
    #[arg(long = "section", value_name = "S")]
    sections: Vec<String>,
    /// Take this off names that begin with it
    #[arg(long, value_name = "P")]
    strip_prefix: Option<String>,
    /// Replace FROM in names, where it stands as whole components, else at their start; may be given again
    #[arg(long = "rename", value_name = "FROM=TO")]
    renames: Vec<Rename>,
    #[arg(long, value_name = "D", value_parser = dtype, help = DTYPES)]
    dtype: Option<DType>,
    /// Write tied tensors under each of their names, not once
    #[arg(long)]
    untie: bool,
    /// Leave out what safetensors cannot hold (sparse tensors and the like)
    #[arg(long)]
    skip_unsupported: bool,
}

impl Which {
    /// As the library takes it.
    pub(in crate::cli) fn request(&self) -> Request {
        Request {
            sections: self.sections.clone(),
            strip_prefix: self.strip_prefix.clone(),
            renames: self.renames.clone(),
            dtype: self.dtype,
            untie: self.untie,
            skip_unsupported: self.skip_unsupported,
        }
    }
}

fn dtype(text: &str) -> Result<DType, String> {
    let name = text.strip_prefix("torch.").unwrap_or(text);
    let known = match name {
        "fp64" | "f64" => Some(DType::Float64),
        "fp32" | "f32" => Some(DType::Float32),
        "fp16" | "f16" => Some(DType::Float16),
        "bf16" => Some(DType::BFloat16),
        _ => DType::from_torch(name),
    };
    let floats = [DType::Float64, DType::Float32, DType::Float16, DType::BFloat16];
    let small = [DType::Float8E4m3fn, DType::Float8E5m2];
    known
        .filter(|dtype| floats.contains(dtype) || small.contains(dtype))
        .ok_or_else(|| "one of float64, float32, float16, bfloat16, float8_e4m3fn, float8_e5m2".to_owned())
}

fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" | "k" => 1e3,
        "mb" | "m" => 1e6,
        "gb" | "g" => 1e9,
        "tb" | "t" => 1e12,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        "tib" => 1_099_511_627_776.0,
        _ => return Err("a size is a number and B, KB, MB, GB, TB, KiB, MiB, GiB or TiB".to_owned()),
    };
    let number: f64 = digits.trim().parse().map_err(|_| "a size begins with a number, as 5GB".to_owned())?;
    let bytes = number * unit;
    if (1.0..1e18).contains(&bytes) { Ok(bytes as u64) } else { Err("too small or too large".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_dtypes() {
        assert_eq!(size("5GB"), Ok(5_000_000_000));
        assert_eq!(size("1.5 MiB"), Ok(1_572_864));
        assert_eq!(size("12"), Ok(12));
        assert!(size("GB").is_err() && size("5 parsec").is_err() && size("0").is_err());
        assert_eq!(dtype("torch.bfloat16"), Ok(DType::BFloat16));
        assert_eq!(dtype("half"), Ok(DType::Float16));
        assert!(dtype("int64").is_err());
    }
}
