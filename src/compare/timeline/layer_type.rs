//! What sort of layer a tensor belongs to, as far as its name and shape tell.

use crate::tensor::{DType, TensorRole, guess_role};

/// A sort of layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LayerType {
    /// Token, position and patch embeddings.
    Embedding,
    /// Projections of attention.
    Attention,
    /// The feed-forward part of a block.
    Mlp,
    /// Convolutions.
    Convolution,
    /// Other matrices.
    Linear,
    /// Normalisation: scales and shifts.
    Norm,
    /// Biases of anything but normalisation.
    Bias,
    /// Tensors that are carried along and not trained.
    Buffer,
    /// Anything else.
    Other,
}

impl LayerType {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedding => "embedding",
            Self::Attention => "attention",
            Self::Mlp => "mlp",
            Self::Convolution => "convolution",
            Self::Linear => "linear",
            Self::Norm => "norm",
            Self::Bias => "bias",
            Self::Buffer => "buffer",
            Self::Other => "other",
        }
    }

    /// The sort of the tensor `key` of a state dict.
    pub fn of(key: &str, shape: &[u64], dtype: DType) -> Self {
        let lower = key.to_ascii_lowercase();
        let leaf = lower.rsplit('.').next().unwrap_or_default();
        let any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let component = |words: &[&str]| {
            lower.split(['.', '_']).any(|part| words.contains(&part.trim_end_matches(char::is_numeric)))
        };
        if guess_role(key, dtype) == TensorRole::Buffer {
            return Self::Buffer;
        }
        if any(&["norm"]) || component(&["ln", "bn", "gn"]) {
            return Self::Norm;
        }
        if leaf.ends_with("bias") {
            return Self::Bias;
        }
        if any(&["embed"]) || component(&["wte", "wpe", "tok", "cls"]) {
            return Self::Embedding;
        }
        let projections = ["q_proj", "k_proj", "v_proj", "o_proj", "qkv", "in_proj", "out_proj"];
        if any(&["attn", "attention"]) || any(&projections) {
            return Self::Attention;
        }
        let inner = ["up_proj", "down_proj", "gate_proj", "feed_forward", "intermediate"];
        if component(&["mlp", "ffn", "ff"]) || any(&inner) {
            return Self::Mlp;
        }
        match shape.len() {
            3..=5 => Self::Convolution,
            2 => Self::Linear,
            // A vector called weight scales something.
            1 if leaf == "weight" => Self::Norm,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_of_layers() {
        for (key, shape, want) in [
            ("model.layers.0.self_attn.q_proj.weight", &[8, 8][..], LayerType::Attention),
            ("model.layers.0.mlp.up_proj.weight", &[8, 8], LayerType::Mlp),
            ("model.embed_tokens.weight", &[8, 8], LayerType::Embedding),
            ("transformer.wte.weight", &[8, 8], LayerType::Embedding),
            ("transformer.h.0.ln_1.bias", &[8], LayerType::Norm),
            ("layer1.0.conv1.weight", &[8, 8, 3, 3], LayerType::Convolution),
            ("layer1.0.bn1.weight", &[8], LayerType::Norm),
            ("layer1.0.bn1.running_mean", &[8], LayerType::Buffer),
            ("fc.weight", &[8, 8], LayerType::Linear),
            ("fc.bias", &[8], LayerType::Bias),
            ("temperature", &[], LayerType::Other),
        ] {
            assert_eq!(LayerType::of(key, shape, DType::Float32), want, "{key}");
        }
    }
}
