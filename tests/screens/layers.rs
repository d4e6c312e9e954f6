//! The tree of layers.

use std::collections::HashSet;

use ckpt_tui::tui::model::layers::{Layers, Node};

use super::build::{Build, NUMEL};

fn lines(layers: &Layers) -> Vec<String> {
    let line = |node: &Node| {
        let class = layers.module(node).map(|m| format!(" {}", m.class)).unwrap_or_default();
        format!("{}{}{class}", "  ".repeat(node.depth.into()), layers.name(node))
    };
    layers.nodes.iter().map(line).collect()
}

#[test]
fn a_state_dict_is_a_tree_in_the_models_own_order() {
    let layers =
        Build::state_dict(&["conv1.weight", "bn1.weight", "layers.0.a", "layers.0.b", "fc"]).layers();
    assert_eq!(
        lines(&layers),
        ["conv1", "  weight", "bn1", "  weight", "layers", "  0", "    a", "    b", "fc"]
    );
    let ends: Vec<u32> = layers.nodes.iter().map(|n| n.end).collect();
    assert_eq!(ends, [2, 2, 4, 4, 8, 8, 7, 8, 9]);
}

#[test]
fn numbered_layers_stand_in_the_order_of_their_numbers() {
    let layers = Build::state_dict(&["h.0.w", "h.1.w", "h.10.w", "h.2.w"]).layers();
    let names: Vec<String> =
        lines(&layers).into_iter().filter(|l| l.starts_with("  ") && !l.contains('w')).collect();
    assert_eq!(names, ["  0", "  1", "  2", "  10"]);
    assert_eq!((layers.nodes[0].tensors, layers.nodes[0].parameters), (4, 4 * NUMEL));
}

#[test]
fn sections_are_nodes_and_only_models_have_parameters() {
    let layers = Build::training(&["fc.weight", "fc.bias"]).layers();
    let top = layers.nodes.iter().filter(|n| n.depth == 0);
    let top: Vec<_> = top.map(|n| (layers.name(n), n.parameters, n.elements)).collect();
    assert_eq!(top, [("model", 2 * NUMEL, 2 * NUMEL), ("optimizer", 0, 2 * NUMEL)]);
}

#[test]
fn odd_names_stay_apart() {
    let layers = Build::state_dict(&["a", "a.b", ".c", "d..e", ""]).layers();
    assert_eq!(layers.checkpoint().tensors().len(), 5);
    let tensors: HashSet<u32> = layers.node_of.iter().copied().collect();
    assert_eq!(tensors.len(), 5, "{:?}", lines(&layers));
}

#[test]
fn a_name_of_ten_thousand_parts_is_not_that_deep() {
    let name = vec!["a"; 10_000].join(".");
    let layers = Build::state_dict(&[&name]).layers();
    assert_eq!(layers.nodes.len(), 64);
    assert_eq!(layers.path(layers.nodes.last().unwrap()), name);
}

#[test]
fn modules_without_tensors_are_layers_too() {
    let path = std::path::Path::new("assets/demo/exports/glyphs_model.pth");
    let checkpoint = ckpt_tui::format::open(path, &ckpt_tui::limits::Limits::default()).unwrap();
    let layers = Layers::of(std::sync::Arc::new(checkpoint));
    let lines = lines(&layers);
    assert!(lines[0].ends_with("GlyphNet"), "the model itself has a class: {lines:#?}");
    assert!(lines.iter().any(|l| l.ends_with(".ReLU") || l.ends_with("MaxPool2d")), "{lines:#?}");
    let own = lines.iter().position(|l| l.ends_with("torch.nn.modules.conv.Conv2d")).unwrap();
    assert_eq!(lines[own + 1].trim(), "weight");
}
