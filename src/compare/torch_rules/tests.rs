use super::*;

/// A side of float32 tensors.
fn side(all: &[(&str, &[u64])]) -> Side {
    Side::of_shapes(all)
}

fn message(reference: &Side, candidate: &Side) -> String {
    Verdict::of(reference, candidate).message(reference, candidate, "Net", true)
}

#[test]
fn one_number_for_a_scalar_is_taken_and_others_are_not() {
    let scalar = side(&[("s", &[])]);
    assert_eq!(message(&scalar, &side(&[("s", &[1])])), "<All keys matched successfully>");
    assert_eq!(
        message(&scalar, &side(&[("s", &[2])])),
        "Error(s) in loading state_dict for Net:\n\tsize mismatch for s: copying a param with shape torch.Size([2]) from checkpoint, the shape in current model is torch.Size([])."
    );
    assert!(!Verdict::of(&side(&[("s", &[1])]), &scalar).loads_loosely());
}

#[test]
fn unexpected_names_come_module_by_module() {
    let reference = side(&[("a.x.weight", &[1]), ("b.weight", &[1])]);
    let candidate = side(&[("b.gone", &[1]), ("a.x.gone", &[1]), ("a.y.weight", &[1]), ("c", &[1])]);
    assert_eq!(
        message(&reference, &candidate),
        "Error(s) in loading state_dict for Net:\n\tMissing key(s) in state_dict: \"a.x.weight\", \"b.weight\". \n\tUnexpected key(s) in state_dict: \"c\", \"a.y.weight\", \"a.x.gone\", \"b.gone\". "
    );
}

#[test]
fn a_counter_is_filled_in_unless_the_version_says_it_was_saved() {
    let reference = side(&[("bn.weight", &[1]), ("bn.num_batches_tracked", &[])]);
    let mut candidate = side(&[("bn.weight", &[1])]);
    assert_eq!(Verdict::of(&reference, &candidate).filled, [1]);
    candidate.versions = Some([("bn".to_owned(), Some(2))].into_iter().collect());
    assert_eq!(Verdict::of(&reference, &candidate).missing, [1]);
    candidate.versions = Some([("bn".to_owned(), Some(1))].into_iter().collect());
    assert!(Verdict::of(&reference, &candidate).loads_strict());
}

#[test]
fn old_weight_norm_loads_into_new() {
    let new =
        side(&[("c.parametrizations.weight.original0", &[1]), ("c.parametrizations.weight.original1", &[4])]);
    let old = side(&[("c.weight_g", &[1]), ("c.weight_v", &[4])]);
    assert!(Verdict::of(&new, &old).loads_strict());
    assert!(!Verdict::of(&old, &new).loads_loosely() || !Verdict::of(&old, &new).loads_strict());
}
