use super::*;

fn tensors(all: &[(&str, &[u64])]) -> Vec<Described> {
    all.iter()
        .map(|(key, shape)| Described {
            key: (*key).to_owned(),
            shape: shape.to_vec(),
            dtype: DType::Float32,
        })
        .collect()
}

fn after(operations: Vec<Operation>, all: &[(&str, &[u64])]) -> Result<Vec<(String, Vec<u64>)>, String> {
    let outputs = Plan { operations }.apply(&tensors(all)).map_err(|e| e.to_string())?;
    Ok(outputs.into_iter().map(|o| (o.key, o.recipe.shape)).collect())
}

fn text(s: &str) -> String {
    s.to_owned()
}

#[test]
fn renames_happen_at_once() {
    let swap = Operation::Rename(vec![(text("a"), text("b")), (text("b"), text("a"))]);
    let found = after(vec![swap], &[("a", &[1]), ("b", &[2])]);
    assert_eq!(found.unwrap(), [(text("b"), vec![1]), (text("a"), vec![2])]);
    let clash = Operation::Rename(vec![(text("a"), text("b"))]);
    let found = after(vec![clash], &[("a", &[1]), ("b", &[2])]);
    assert_eq!(found.unwrap_err(), "the repair does not fit: \"b\" is there already");
}

#[test]
fn shapes_follow_the_operations() {
    let split = Operation::Split { from: text("qkv"), axis: 0, into: vec![(text("q"), 8), (text("kv"), 4)] };
    let back = Operation::Concat { from: vec![text("q"), text("kv")], axis: 0, into: text("all") };
    let permute = Operation::Permute { key: text("all"), order: vec![1, 0] };
    assert_eq!(
        after(vec![split, back, permute], &[("qkv", &[12, 3])]).unwrap(),
        [(text("all"), vec![3, 12])]
    );
    let unstack = Operation::Unstack { from: text("w"), into: vec![text("0"), text("1")] };
    let stack = Operation::Stack { from: vec![text("1"), text("0")], into: text("w") };
    let both = after(vec![unstack, stack], &[("w", &[2, 3, 4])]).unwrap();
    assert_eq!(both, [(text("w"), vec![2, 3, 4])]);
    let fold = Operation::FoldWeightNorm { g: text("g"), v: text("v"), into: text("w") };
    let folded = after(vec![fold], &[("g", &[8, 1, 1]), ("v", &[8, 3, 5])]).unwrap();
    assert_eq!(folded, [(text("w"), vec![8, 3, 5])]);
    let merge = Operation::MergeLowRank { base: text("w"), a: text("a"), b: text("b"), scaling: 2.0 };
    let merged = after(vec![merge], &[("w", &[8, 4]), ("a", &[2, 4]), ("b", &[8, 2])]).unwrap();
    assert_eq!(merged, [(text("w"), vec![8, 4])]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let into = |size| vec![(text("x"), size), (text("y"), 1)];
    let split = |size| Operation::Split { from: text("a"), axis: 0, into: into(size) };
    assert!(after(vec![split(u64::MAX)], &[("a", &[0])]).is_err());
    assert!(after(vec![split(3)], &[("a", &[3])]).is_err());
    assert!(
        after(vec![Operation::Permute { key: text("a"), order: vec![0, 0] }], &[("a", &[2, 2])]).is_err()
    );
    assert!(after(vec![Operation::Reshape { key: text("a"), shape: vec![3] }], &[("a", &[2, 2])]).is_err());
    assert!(after(vec![Operation::Drop(vec![text("nobody")])], &[("a", &[2, 2])]).is_err());
    let fold = Operation::FoldWeightNorm { g: text("g"), v: text("v"), into: text("w") };
    assert!(after(vec![fold], &[("g", &[8]), ("v", &[8, 3, 5])]).is_err());
}

#[test]
fn a_recipe_knows_what_it_is_made_of() {
    let join = Operation::Concat { from: vec![text("b"), text("a")], axis: 0, into: text("c") };
    let outputs = Plan::one(join).apply(&tensors(&[("a", &[1]), ("b", &[2]), ("z", &[2])])).unwrap();
    let sources: Vec<Vec<usize>> = outputs.iter().map(|o| o.recipe.sources()).collect();
    assert_eq!(sources, [vec![2], vec![0, 1]]);
    assert_eq!(outputs[0].recipe.unchanged_source(), Some(2));
    assert_eq!(outputs[1].recipe.unchanged_source(), None);
}
