//! What names and shapes do not decide is said, and nothing is done.

use super::*;

const TWO: [(&str, &[u64]); 2] = [("0.weight", &[4, 4]), ("1.weight", &[4, 4])];

fn under(prefixes: &[&str]) -> Side {
    let all: Vec<(String, &[u64])> =
        prefixes.iter().flat_map(|p| TWO.map(|(key, shape)| (format!("{p}{key}"), shape))).collect();
    side(&all.iter().map(|(key, shape)| (key.as_str(), *shape)).collect::<Vec<_>>())
}

#[test]
fn one_of_two_parts() {
    let found = find(&side(&TWO), &under(&["left.", "right."]));
    assert_eq!(rules(&found), (vec![], vec!["ambiguous-prefix"]));
    assert!(found.repairs[0].title.contains("\"left.\" and \"right.\""), "{}", found.repairs[0].title);
    let found = find(&under(&["student.", "teacher."]), &side(&TWO));
    assert_eq!(rules(&found), (vec![], vec!["ambiguous-prefix"]));
    assert!(found.repairs[0].lines[0].starts_with("part = \"student.\"  # or \"teacher.\""));
}

#[test]
fn weights_come_before_their_average() {
    let found = find(&side(&TWO), &under(&["net.", "ema_net."]));
    assert_eq!(rules(&found).0, ["prefix", "outside"]);
    assert_eq!(found.repairs[0].pairs[0].0, "net.0.weight");
}

#[test]
fn twins_of_other_names() {
    for (wanted, given) in
        [(["first.", "second."], ["left.", "right."]), (["net_a.", "net_b."], ["net_x.", "net_y."])]
    {
        let found = find(&under(&wanted), &under(&given));
        assert_eq!(rules(&found).0, [""; 0], "{given:?}");
        assert!(!rules(&found).1.is_empty(), "{given:?}: it is said");
    }
    let found = find(&under(&["encoder.", "decoder."]), &under(&["enc.", "dec."]));
    assert!(found.after.loads_strict());
    assert!(found.applied().flat_map(|r| &r.pairs).all(|(from, to)| from[..1] == to[..1]), "enc is encoder");
}

#[test]
fn a_shape_alone_is_no_reason() {
    // A pooler is no transform, a norm of one layer is not that of another.
    let wanted =
        side(&[("embed.weight", &[9, 6]), ("pooler.dense.weight", &[6, 6]), ("pooler.dense.bias", &[6])]);
    let given = side(&[
        ("embed.weight", &[9, 6]),
        ("cls.transform.dense.weight", &[6, 6]),
        ("cls.transform.dense.bias", &[6]),
    ]);
    assert_eq!(rules(&find(&wanted, &given)).0, [""; 0]);
    let wanted = side(&[("model.norm.weight", &[6]), ("model.embed.weight", &[9, 6])]);
    let given = side(&[("layers.1.ffn_norm.weight", &[6]), ("layers.0.ffn_norm.weight", &[6])]);
    assert_eq!(rules(&find(&wanted, &given)).0, [""; 0]);
}

#[test]
fn what_a_weight_is_computed_from_is_not_the_weight() {
    let plain = side(&[("a.weight", &[4, 4]), ("a.bias", &[4])]);
    let normed = side(&[
        ("a.parametrizations.weight.original", &[4, 4]),
        ("a.parametrizations.weight.0._u", &[4]),
        ("a.parametrizations.weight.0._v", &[4]),
        ("a.bias", &[4]),
    ]);
    for (reference, candidate) in [(&plain, &normed), (&normed, &plain)] {
        assert_eq!(rules(&find(reference, candidate)).0, [""; 0]);
        assert!(rules(&find(reference, candidate)).1.contains(&"parametrization"));
    }
}

#[test]
fn a_counter_of_a_module_under_another_name_is_not_thrown_away() {
    let wanted = side(&[("bn.weight", &[4]), ("bn.running_mean", &[4]), ("bn.num_batches_tracked", &[])]);
    let mut given =
        side(&[("zz.1.weight", &[4]), ("zz.1.running_mean", &[4]), ("zz.1.num_batches_tracked", &[])]);
    given.items[2].tensor.dtype = DType::Int64;
    let found = find(&wanted, &given);
    assert!(found.applied().next().is_none(), "{:?}", rules(&found));
}

#[test]
fn layers_of_one_kind_that_words_do_not_tell_apart() {
    let shapes: [&[u64]; 5] = [&[8, 8], &[8, 8], &[8, 8], &[16, 8], &[8, 16]];
    let make = |names: [&str; 5], list: &str| {
        let layers = (0..2).flat_map(|i| names.iter().zip(shapes).map(move |(name, shape)| (i, name, shape)));
        let all: Vec<(String, &[u64])> =
            layers.map(|(i, name, shape)| (format!("{list}.{i}.{name}.weight"), shape)).collect();
        side(&all.iter().map(|(key, shape)| (key.as_str(), *shape)).collect::<Vec<_>>())
    };
    let reference = make(["mix.q_proj", "mix.k_proj", "mix.v_proj", "fc1", "fc2"], "layers");
    let named =
        find(&reference, &make(["att.value", "att.key", "att.query", "mlp.c_fc", "mlp.c_proj"], "stack"));
    assert!(named.after.loads_strict(), "{:?}", rules(&named));
    let pairs: Vec<&(String, String)> = named.applied().flat_map(|r| &r.pairs).collect();
    assert!(pairs.iter().any(|(from, to)| from.contains("value") && to.contains("v_proj")), "{pairs:?}");
    let open =
        find(&reference, &make(["att.one", "att.two", "att.three", "mlp.c_fc", "mlp.c_proj"], "stack"));
    assert_eq!(rules(&open).0, [""; 0]);
    assert!(rules(&open).1.contains(&"ambiguous-order"), "{:?}", rules(&open));
}

#[test]
fn a_weight_is_no_bias() {
    let layers = |name: &str, list: &str| {
        let all: Vec<(String, &[u64])> = (0..12)
            .flat_map(|i| ["weight", "bias"].map(|leaf| (format!("{list}.{i}.{name}.{leaf}"), &[4][..])))
            .collect();
        side(&all.iter().map(|(key, shape)| (key.as_str(), *shape)).collect::<Vec<_>>())
    };
    let found = find(&layers("a", "layers"), &layers("fc1", "blocks"));
    let leaf = |key: &str| key.rsplit('.').next().unwrap().to_owned();
    assert!(
        found.applied().flat_map(|r| &r.pairs).all(|(from, to)| leaf(from) == leaf(to)),
        "{:?}",
        rules(&found)
    );
}
