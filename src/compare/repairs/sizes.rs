//! Sizes that differ because the model does: classes, vocabulary, resolution. Said, with the usual lines; whether a
//! part is trained anew, cut or interpolated is for a person to decide.

use super::lines;
use super::proposal::{Proposal, counted, some};
use super::view::View;
use crate::compare::plan::Described;

type Pair<'a> = (&'a Described, &'a Described);

pub(super) fn propose(view: &View<'_>, out: &mut Vec<Proposal>) {
    let all: Vec<Pair<'_>> = view.mismatched().collect();
    let (mut classes, mut vocabulary, mut positions, mut rest) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for pair in all {
        match kind(pair) {
            Kind::Positions => positions.push(pair),
            Kind::Vocabulary => vocabulary.push(pair),
            Kind::Classes => classes.push(pair),
            Kind::Other => rest.push(pair),
        }
    }
    if classes.is_empty() {
        classes = renamed_heads(view);
    }
    if !classes.is_empty() {
        out.push(new_head(&classes));
    }
    if !vocabulary.is_empty() {
        out.push(resized(&vocabulary));
    }
    if !positions.is_empty() {
        out.push(interpolated(&positions));
    }
    if !rest.is_empty() {
        out.push(other(&rest));
    }
}

/// Heads of other names and class counts: the only ones on either side.
fn renamed_heads<'a>(view: &View<'a>) -> Vec<Pair<'a>> {
    let heads = |all: Vec<&'a Described>| -> Vec<&'a Described> {
        all.into_iter().filter(|t| matches!(kind((*t, *t)), Kind::Classes)).collect()
    };
    let (wanted, given) = (heads(view.asked_in_vain().collect()), heads(view.unexpected().collect()));
    let leaf = |t: &Described| t.key.rsplit('.').next().unwrap_or_default().to_owned();
    let only =
        |all: &[&Described], t: &Described| all.iter().filter(|other| leaf(other) == leaf(t)).count() == 1;
    let fits = |a: &Described, b: &Described| leaf(a) == leaf(b) && a.shape.get(1..) == b.shape.get(1..);
    let all = wanted.iter().filter(|t| only(&wanted, t));
    all.filter_map(|a| Some((*a, *given.iter().find(|b| only(&given, b) && fits(a, b))?))).collect()
}

enum Kind {
    Classes,
    Vocabulary,
    Positions,
    Other,
}

fn kind((wanted, given): Pair<'_>) -> Kind {
    let first_only = wanted.shape.len() == given.shape.len() && wanted.shape.get(1..) == given.shape.get(1..);
    let has = |words: &[&str]| {
        wanted.key.split('.').any(|c| words.iter().any(|word| c == *word || c.ends_with(&format!("_{word}"))))
    };
    let positional = [
        "pos_embed",
        "position_embedding",
        "relative_position_bias_table",
        "pos_emb",
        "wpe",
        "embed_positions",
    ];
    if positional.iter().any(|word| wanted.key.contains(word)) && wanted.shape.len() == given.shape.len() {
        return Kind::Positions;
    }
    let vocabulary = [
        "wte",
        "tok_embeddings",
        "embed_tokens",
        "lm_head",
        "word_embeddings",
        "embed",
        "embedding",
        "embeddings",
        "shared",
        "embed_out",
    ];
    if first_only && has(&vocabulary) {
        return Kind::Vocabulary;
    }
    let heads = [
        "head",
        "fc",
        "classifier",
        "cls",
        "out",
        "logits",
        "output",
        "score",
        "heads",
        "linear",
        "last_linear",
        "bbox_pred",
        "cls_score",
    ];
    let tail = wanted.key.split('.').rev().skip(1).find(|c| !super::view::is_number(c)).unwrap_or_default();
    let is_head = heads
        .iter()
        .any(|word| tail == *word || tail.ends_with(&format!("_{word}")) || tail.starts_with("head"));
    if first_only && is_head { Kind::Classes } else { Kind::Other }
}

fn first(shape: &[u64]) -> String {
    shape.first().map_or("a scalar".to_owned(), u64::to_string)
}

fn keys(all: &[Pair<'_>]) -> Vec<String> {
    all.iter().map(|(wanted, _)| wanted.key.clone()).collect()
}

fn pairs(all: &[Pair<'_>]) -> Vec<(String, String)> {
    all.iter().map(|(wanted, given)| (given.key.clone(), wanted.key.clone())).collect()
}

fn left_out(all: &[Pair<'_>]) -> Vec<String> {
    let given: Vec<String> = all.iter().map(|(_, given)| given.key.clone()).collect();
    let mut lines = lines::drop(&given);
    lines.push(
        "model.load_state_dict(state_dict, strict=False)  # these keep the model's own values".to_owned(),
    );
    lines
}

fn new_head(all: &[Pair<'_>]) -> Proposal {
    let (wanted, given) =
        all.first().map_or((String::new(), String::new()), |(a, b)| (first(&a.shape), first(&b.shape)));
    Proposal {
        rule: "class_count",
        title: format!(
            "{given} classes in the candidate, {wanted} in the model ({}): expected when fine-tuning; the new layer is trained anew",
            some(&keys(all))
        ),
        lines: left_out(all),
        pairs: pairs(all),
        ..Proposal::default()
    }
}

fn resized(all: &[Pair<'_>]) -> Proposal {
    let sizes: Vec<(u64, u64)> =
        all.iter().filter_map(|(a, b)| Some((*a.shape.first()?, *b.shape.first()?))).collect();
    let (wanted, given) = sizes.first().copied().unwrap_or_default();
    let padded = [64, 128].into_iter().find(|n| {
        let (small, large) = (wanted.min(given), wanted.max(given));
        large % n == 0 && large - small < *n
    });
    let why = padded.map_or(String::new(), |n| format!(", padded to a multiple of {n}"));
    let rows: Vec<Vec<String>> = keys(all).into_iter().map(|key| vec![key]).collect();
    let mut lines = vec!["own = model.state_dict()".to_owned()];
    lines.extend(lines::for_each(
        &["key"],
        &rows,
        &[
            "rows = min(len(own[key]), len(state_dict[key]))",
            "resized = own[key].clone()",
            "resized[:rows] = state_dict[key][:rows]",
            "state_dict[key] = resized  # rows beyond keep the model's own values",
        ],
    ));
    Proposal {
        rule: "vocabulary",
        title: format!(
            "the vocabulary has {given} entries in the candidate and {wanted} in the model ({}){why}",
            some(&keys(all))
        ),
        lines,
        pairs: pairs(all),
        ..Proposal::default()
    }
}

fn interpolated(all: &[Pair<'_>]) -> Proposal {
    let (wanted, given) = all.first().map_or((&[][..], &[][..]), |(a, b)| (&*a.shape, &*b.shape));
    let text = crate::text::number::shape;
    let mut title = format!(
        "positions {} in the candidate, {} in the model ({}): another resolution or length; interpolated as a rule",
        text(given),
        text(wanted),
        some(&keys(all))
    );
    let mut lines = Vec::new();
    match (grid(wanted), grid(given)) {
        (Some((to, extra)), Some((from, same))) if extra == same => {
            use std::fmt::Write as _;
            let _ = write!(title, " from {from}x{from} to {to}x{to}");
            for key in keys(all) {
                let key = crate::text::python::string(&key);
                lines.extend([
                    format!("table = state_dict[{key}]"),
                    format!("extra, grid = table[:, :{extra}], table[:, {extra}:]"),
                    format!("grid = grid.reshape(1, {from}, {from}, -1).permute(0, 3, 1, 2)"),
                    format!("grid = torch.nn.functional.interpolate(grid, size=({to}, {to}), mode=\"bicubic\", align_corners=False)"),
                    format!("state_dict[{key}] = torch.cat([extra, grid.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)"),
                ]);
            }
        }
        _ => lines = left_out(all),
    }
    Proposal { rule: "positions", title, lines, pairs: pairs(all), ..Proposal::default() }
}

/// Side of the square grid and number of tokens before it, of a shape (1, n, width).
fn grid(shape: &[u64]) -> Option<(u64, u64)> {
    let [1, tokens, _] = *shape else { return None };
    let side = tokens.isqrt();
    (side > 1 && tokens - side * side <= 2).then_some((side, tokens - side * side))
}

fn other(all: &[Pair<'_>]) -> Proposal {
    let scaled: Vec<String> = all
        .iter()
        .take(2)
        .map(|(a, b)| {
            format!(
                "{} is {} in the candidate, {} in the model",
                super::proposal::quoted(&a.key),
                crate::text::number::shape(&b.shape),
                crate::text::number::shape(&a.shape)
            )
        })
        .collect();
    Proposal {
        rule: "other_sizes",
        title: format!(
            "{} of other sizes: {}; the model was built with other settings",
            counted(all.len(), "tensor"),
            scaled.join("; ")
        ),
        lines: left_out(all),
        pairs: pairs(all),
        ..Proposal::default()
    }
}
