//! Names of projections, apart and fused.

/// What is fused; names of the parts, in the order they are fused in; names of the whole.
pub(super) type Family = (&'static str, &'static [&'static [&'static str]], &'static [&'static str]);

pub(super) const FAMILIES: [Family; 3] = [
    (
        "query, key and value",
        &[
            &["q_proj", "k_proj", "v_proj"],
            &["q", "k", "v"],
            &["query", "key", "value"],
            &["wq", "wk", "wv"],
            &["to_q", "to_k", "to_v"],
            &["q_lin", "k_lin", "v_lin"],
            &["query_proj", "key_proj", "value_proj"],
            &["linear_q", "linear_k", "linear_v"],
            &["q_linear", "k_linear", "v_linear"],
            &["fc_q", "fc_k", "fc_v"],
            &["proj_q", "proj_k", "proj_v"],
            &["W_q", "W_k", "W_v"],
            &["Wq", "Wk", "Wv"],
            &["queries", "keys", "values"],
        ],
        &[
            "qkv",
            "in_proj",
            "c_attn",
            "query_key_value",
            "qkv_proj",
            "Wqkv",
            "to_qkv",
            "W_pack",
            "wqkv",
            "attn_qkv",
            "linear_qkv",
            "qkv_linear",
            "fused_qkv",
            "mixed_qkv",
        ],
    ),
    (
        "gate and up projection",
        &[&["gate_proj", "up_proj"], &["w1", "w3"], &["gate", "up"], &["wi_0", "wi_1"]],
        &["gate_up_proj", "w13", "gate_up", "gate_and_up", "w12", "linear_fc1", "wi"],
    ),
    (
        "key and value",
        &[&["k_proj", "v_proj"], &["to_k", "to_v"], &["k", "v"], &["key", "value"], &["wk", "wv"]],
        &["kv", "kv_proj", "to_kv", "wkv", "key_value", "c_kv"],
    ),
];
/// Wholes whose heads are interleaved in the code that is known for the name.
pub(super) const INTERLEAVED: [&str; 2] = ["query_key_value", "linear_qkv"];
