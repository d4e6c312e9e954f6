//! `docs/cli.md` shows what the program prints.

use std::path::Path;

/// Blocks that begin with `$ ckpt-tui`: the arguments, and the output below.
fn examples(text: &str) -> Vec<(&str, &str)> {
    let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let commands = blocks.filter_map(|(block, _)| block.strip_prefix("$ ckpt-tui ")?.split_once('\n'));
    commands.filter(|(command, _)| !command.contains('|')).collect()
}

#[test]
fn outputs_in_the_documentation_are_real() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/cli.md")).unwrap();
    let examples = examples(&text);
    assert!(examples.len() >= 2);
    for (command, want) in examples {
        let output = crate::program().current_dir(root).args(command.split(' ')).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), want, "ckpt-tui {command}");
    }
}
