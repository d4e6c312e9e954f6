//! Random models, and what happens to their names on the way to a file.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::compare::plan::Operation;

/// What is done to a state dict.
#[derive(Debug, Clone)]
enum Change {
    Prefix(&'static str),
    Inside(&'static str),
    Drop(usize),
    Extra,
    Transpose,
    Rename(&'static str, &'static str),
}

type Tensors = Vec<(String, Vec<u64>)>;

/// Blocks of layers of different widths, as models have them, with a batch norm and a head.
fn model() -> impl Strategy<Value = Tensors> {
    let block = (2_u64..9, 1_usize..4, prop::sample::select(vec!["conv", "fc1", "attn.q_proj", "mlp.0"]));
    (prop::collection::vec(block, 1..5), 2_u64..20).prop_map(|(blocks, classes)| {
        let mut all: Tensors = vec![("stem.weight".into(), vec![24, 3]), ("stem.bias".into(), vec![24])];
        for (n, (width, depth, name)) in blocks.iter().enumerate() {
            for layer in 0..*depth {
                let at = format!("stages.{n}.{layer}");
                all.push((format!("{at}.{name}.weight"), vec![width * 3, 24]));
                all.push((format!("{at}.{name}.bias"), vec![width * 3]));
                all.push((format!("{at}.norm1.weight"), vec![width * 3]));
                all.push((format!("{at}.norm1.running_mean"), vec![width * 3]));
            }
        }
        all.push(("head.weight".into(), vec![classes, 24]));
        all.push(("head.bias".into(), vec![classes]));
        all
    })
}

fn change() -> impl Strategy<Value = Change> {
    let prefixes =
        vec!["module.", "_orig_mod.", "model.", "module._orig_mod.model.", "ema_model.module.", "backbone."];
    let inside = vec!["_checkpoint_wrapped_module", "_fsdp_wrapped_module", "_orig_mod"];
    prop_oneof![
        3 => prop::sample::select(prefixes).prop_map(Change::Prefix),
        2 => prop::sample::select(inside).prop_map(Change::Inside),
        1 => (0_usize..40).prop_map(Change::Drop),
        1 => Just(Change::Extra),
        1 => Just(Change::Transpose),
        1 => prop::sample::select(vec![("norm1", "ln_1"), ("head", "classifier"), ("running_mean", "moving_mean"), ("stem", "patch")])
            .prop_map(|(a, b)| Change::Rename(a, b)),
    ]
}

fn changed(mut all: Tensors, change: &Change) -> Tensors {
    match change {
        Change::Prefix(prefix) => all.iter_mut().for_each(|(key, _)| key.insert_str(0, prefix)),
        Change::Inside(word) => {
            for (key, _) in all.iter_mut().filter(|(key, _)| key.contains("stages.")) {
                *key = key.replacen("stages.", &format!("stages.{word}."), 1);
            }
        }
        Change::Drop(at) => {
            let at = at % all.len();
            all.remove(at);
        }
        Change::Extra => all.push(("loss.weight".into(), vec![7])),
        Change::Transpose => {
            all.iter_mut().filter(|(key, _)| key.ends_with("stem.weight")).for_each(|(_, s)| s.reverse());
        }
        Change::Rename(from, to) => all.iter_mut().for_each(|(key, _)| *key = key.replace(from, to)),
    }
    all
}

fn sides(tensors: &Tensors) -> Side {
    side(&tensors.iter().map(|(key, shape)| (key.as_str(), shape.as_slice())).collect::<Vec<_>>())
}

/// Rules and pairs: what a person is told, in order.
fn told(found: &Found) -> Vec<String> {
    found.repairs.iter().map(|r| format!("{} {} {:?} {:?}", r.rule, r.title, r.pairs, r.lines)).collect()
}

/// Tensors that a plan takes from nowhere or throws away.
fn lost(plan: &Plan) -> usize {
    let drops = plan.operations.iter().map(|operation| match operation {
        Operation::Drop(keys) => keys.len(),
        _ => 0,
    });
    drops.sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever was done: every applied repair helps, the plan does what is claimed, and the answer is always the same.
    #[test]
    fn nothing_false_is_claimed(own in model(), changes in prop::collection::vec(change(), 0..5)) {
        let given = changes.iter().fold(own.clone(), changed);
        let (reference, candidate) = (sides(&own), sides(&given));
        let found = find(&reference, &candidate);
        is_sound(&reference, &candidate, &found);
        prop_assert_eq!(told(&found), told(&find(&reference, &candidate)));
        if reference.items == candidate.items {
            prop_assert!(found.repairs.is_empty());
        }
    }

    /// Prefixes and wrappers, however many, are found and undone: each tensor gets its own name back.
    #[test]
    fn wrappers_are_undone(own in model(), prefixes in prop::collection::vec(0_usize..6, 1..4), inside in prop::option::of(0_usize..3)) {
        let words = ["module.", "_orig_mod.", "model.", "_forward_module.", "ema_model.module.", "backbone."];
        let wrappers = ["_checkpoint_wrapped_module", "_fsdp_wrapped_module", "_orig_mod"];
        let mut given = inside.map_or(own.clone(), |at| changed(own.clone(), &Change::Inside(wrappers[at])));
        for at in prefixes {
            given = changed(given, &Change::Prefix(words[at]));
        }
        let (reference, candidate) = (sides(&own), sides(&given));
        let found = find(&reference, &candidate);
        prop_assert!(found.after.loads_strict(), "{:?}", told(&found));
        prop_assert_eq!(lost(&found.plan), 0);
        // Order is kept: the n-th tensor of the file is the n-th of the model.
        let names: Vec<&str> = found.repaired.tensors().map(|t| t.key.as_str()).collect();
        let wanted: Vec<&str> = own.iter().map(|(key, _)| key.as_str()).collect();
        prop_assert_eq!(names, wanted);
    }

    /// The order of names in a file changes nothing about what they are renamed to.
    #[test]
    fn the_order_of_a_file_does_not_matter(own in model(), changes in prop::collection::vec(change(), 1..4), seed in any::<u64>()) {
        let given = changes.iter().fold(own.clone(), changed);
        let mut shuffled = given.clone();
        let len = shuffled.len() as u64;
        for at in 0..shuffled.len() {
            shuffled.swap(at, (seed.wrapping_mul(at as u64 + 7) % len) as usize);
        }
        let reference = sides(&own);
        let names = |tensors: &Tensors| -> BTreeSet<(String, Vec<u64>)> {
            let found = find(&reference, &sides(tensors));
            found.repaired.tensors().map(|t| (t.key.clone(), t.shape.clone())).collect()
        };
        prop_assert_eq!(names(&given), names(&shuffled));
    }

    /// Two unrelated models: nothing is thrown away to make them fit.
    #[test]
    fn strangers_stay_strangers(a in model(), b in model()) {
        let rename = |(key, shape): &(String, Vec<u64>)| (format!("zz{}", key.replace('.', "_x.y")), shape.iter().map(|n| n + 100).collect());
        let b: Tensors = b.iter().map(rename).collect();
        let (reference, candidate) = (sides(&a), sides(&b));
        let found = find(&reference, &candidate);
        is_sound(&reference, &candidate, &found);
        prop_assert_eq!(found.applied().count(), 0);
    }
}
