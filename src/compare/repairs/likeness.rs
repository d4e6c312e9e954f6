//! How alike two names of parts are, to those who name layers.

use rustc_hash::FxHashSet;

use super::view::is_number;

/// Nothing in common, or a first letter, which says little.
pub(super) const WEAK: u8 = 1;

/// The last components mean the same.
pub(super) const LAST_ALIKE: u8 = 3;

/// Words that mean the same.
const SYNONYMS: [&[&str]; 25] = [
    &[
        "q",
        "query",
        "queries",
        "q_proj",
        "wq",
        "to_q",
        "q_lin",
        "query_proj",
        "linear_q",
        "w_q",
        "fc_q",
        "proj_q",
        "self.query",
    ],
    &[
        "k", "key", "keys", "k_proj", "wk", "to_k", "k_lin", "key_proj", "linear_k", "w_k", "fc_k", "proj_k",
        "self.key",
    ],
    &[
        "v",
        "value",
        "values",
        "v_proj",
        "wv",
        "to_v",
        "v_lin",
        "value_proj",
        "linear_v",
        "w_v",
        "fc_v",
        "proj_v",
        "self.value",
    ],
    &["qkv", "in_proj", "c_attn", "query_key_value", "qkv_proj", "wqkv", "to_qkv", "attn_qkv", "linear_qkv"],
    &["o", "out", "out_proj", "o_proj", "wo", "to_out", "proj", "c_proj", "dense", "out_lin", "output.dense"],
    &["weight", "gamma", "scale", "kernel", "g", "w"],
    &["bias", "beta", "offset", "b"],
    &["running_mean", "_mean", "moving_mean", "mean"],
    &["running_var", "_variance", "moving_variance", "var"],
    &["gate_proj", "w1", "gate"],
    &["up_proj", "w3", "up"],
    &["down_proj", "w2", "down"],
    &["fc1", "c_fc", "lin1", "linear1", "w_1", "dense1", "up_proj", "pwconv1", "intermediate.dense"],
    &["fc2", "c_proj", "lin2", "linear2", "w_2", "dense2", "down_proj", "pwconv2", "output.dense"],
    &[
        "norm1",
        "ln_1",
        "ln1",
        "layer_norm1",
        "input_layernorm",
        "attention_norm",
        "layernorm_before",
        "sa_layer_norm",
        "attention.output.layernorm",
    ],
    &[
        "norm2",
        "ln_2",
        "ln2",
        "layer_norm2",
        "post_attention_layernorm",
        "ffn_norm",
        "layernorm_after",
        "output_layer_norm",
        "output.layernorm",
    ],
    &["wte", "tok_embeddings", "embed_tokens", "word_embeddings", "embed"],
    &["wpe", "pos_embed", "position_embeddings", "embed_positions", "pos_embedding"],
    &["head", "fc", "classifier", "lm_head", "output"],
    &[
        "norm",
        "ln",
        "layer_norm",
        "layernorm",
        "bn",
        "batch_norm",
        "batchnorm",
        "normalization",
        "ln_f",
        "final_norm",
    ],
    &["cls_token", "class_token", "class_embedding"],
    &["gamma", "layer_scale", "layer_scale_parameter"],
    &["conv_dw", "dwconv", "depthwise", "conv_depthwise"],
    &["downsample", "shortcut", "skip", "identity", "residual"],
    &["self_attn", "attention", "attn", "self_attention"],
];

/// 4 for one word or two that mean the same, 3 where that holds of their last components, 2 for a shared part,
/// 1 for the first letter.
pub(super) fn likeness(a: &str, b: &str) -> u8 {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    if alike(&a, &b) {
        return 4;
    }
    let (last_a, last_b) = (last_word(&a), last_word(&b));
    if alike(last_a, last_b) {
        return 3;
    }
    if shared(&a, &b) || abbreviated(last_a, last_b) {
        return 2;
    }
    u8::from(a.chars().next() == b.chars().next())
}

/// The last component that is no number.
pub(super) fn last_word(name: &str) -> &str {
    name.split('.').rev().find(|part| !is_number(part) && !part.is_empty()).unwrap_or_default()
}

fn alike(a: &str, b: &str) -> bool {
    if a.is_empty() || b.is_empty() {
        return false;
    }
    let plain = |word: &str| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let ((stem_a, n), (stem_b, m)) = (stem(a), stem(b));
    synonyms(a, b) || plain(a) == plain(b) || n.is_some() && n == m && synonyms(stem_a, stem_b)
}

fn synonyms(a: &str, b: &str) -> bool {
    SYNONYMS.iter().any(|all| all.contains(&a) && all.contains(&b))
}

/// `norm1` → (`norm`, 1); `ln_2` → (`ln`, 2).
pub(super) fn stem(word: &str) -> (&str, Option<u64>) {
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = word.get(stem.len()..).and_then(|digits| digits.parse().ok());
    (stem.trim_end_matches('_'), number)
}

/// Numbers of the layers a name lies in; with those at the end of words if `all`.
pub(super) fn numbers(name: &str, all: bool) -> Vec<u64> {
    let number = |part: &str| if is_number(part) { part.parse().ok() } else { stem(part).1.filter(|_| all) };
    name.split('.').filter_map(number).collect()
}

/// Parts of at least two letters that both have.
fn shared(a: &str, b: &str) -> bool {
    let parts = |word: &str| -> FxHashSet<String> {
        let all = word.split(['_', '.']).filter(|part| part.len() > 1 && !is_number(part));
        all.map(str::to_owned).collect()
    };
    parts(a).intersection(&parts(b)).next().is_some()
}

/// `conv` and `convolution`, `embed` and `embedding`.
fn abbreviated(a: &str, b: &str) -> bool {
    const SHORTEST: usize = 3;
    let (a, b) = (stem(a).0, stem(b).0);
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short.len() >= SHORTEST && long.starts_with(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_meaning() {
        let table = [
            ("gamma", "weight", 4),
            ("q_proj", "query", 4),
            ("norm1", "ln_1", 4),
            ("bn3", "norm3", 4),
            ("attn.proj", "self_attn.out_proj", 3),
            ("norm", "vit.layernorm", 3),
            ("attn.proj", "self_attn.k_proj", 2),
            ("conv1", "embedder.convolution", 2),
            ("enc", "encoder", 2),
            ("left", "lower", 1),
            ("left", "first", 0),
            ("pooler", "cls.predictions.transform", 0),
        ];
        for (a, b, expected) in table {
            assert_eq!((likeness(a, b), likeness(b, a)), (expected, expected), "{a} and {b}");
        }
    }
}
