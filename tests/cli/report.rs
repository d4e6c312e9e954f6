//! `report`: pages that need nothing but themselves, whatever the names in a checkpoint are.

use std::path::Path;

use crate::{fixtures, program, run};

/// The page about these paths, which lie in the repository.
fn page(args: &[&str]) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let all = [&["report", "--no-cache", "-o", "-"], args].concat();
    let output = program().current_dir(root).args(&all).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The page without its style, with every time the same: checkouts have times of their own.
fn stable(page: &str) -> String {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    let mut text = String::from(head);
    let mut pieces = body.split(" UTC").peekable();
    while let Some(piece) = pieces.next() {
        let length = "2026-11-24 16:23".len();
        let is_time = pieces.peek().is_some() && piece.len() >= length;
        text.push_str(if is_time { &piece[..piece.len() - length] } else { piece });
        text.push_str(if is_time { "TIME" } else { "" });
    }
    text.replace("TIME to TIME", "TIME")
}

/// Every tag is closed, in order; attributes are quoted; and nothing points anywhere.
fn assert_is_sound(page: &str) {
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    assert!(page.contains(&format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">")));
    let (before, rest) = page.split_once("<style>").unwrap();
    let (style, after) = rest.split_once("</style>").unwrap();
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'));
    let void = ["meta", "!DOCTYPE", "path", "circle"];
    let mut open: Vec<&str> = Vec::new();
    for tag in [before, after].iter().flat_map(|text| text.split('<').skip(1)) {
        let (tag, text) = tag.split_once('>').unwrap_or_else(|| panic!("no end: {tag}"));
        assert!(!text.contains('>') && !text.contains('"'), "unescaped: {text:?}");
        let name = tag.split([' ', '/']).next().unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !void.contains(&name) {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        for word in ["href", "src=", "style=", "http:", "https:", "data:", "javascript:", " on"] {
            let attributes = tag.split('"').step_by(2).collect::<String>();
            assert!(!attributes.contains(word), "{tag}");
        }
        assert!(
            !["script", "link", "img", "iframe", "object", "embed", "base", "form"].contains(&name),
            "{tag}"
        );
        if name != "svg" {
            let numbers = ["d=\"", "x=\"", "y=\"", "cx=\"", "cy=\"", "width=\"", "viewBox=\""];
            for value in numbers.iter().filter_map(|of| tag.split(of).nth(1)?.split('"').next()) {
                assert!(!value.contains("NaN") && !value.contains("inf"), "{tag}");
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(
        page.matches("<svg").count(),
        page.matches("aria-label=\"").count() + page.matches("aria-hidden").count()
    );
    assert!(!page.contains(['\u{1b}', '\u{202e}', '\0']));
}

const MODEL: &str = "assets/demo/exports/glyphs_model.pth";
const PAIR: [&str; 2] =
    ["tests/fixtures/mismatch/ddp_compile_a.pt", "tests/fixtures/mismatch/ddp_compile_b.pt"];

#[test]
fn pages_of_the_demo() {
    let run = page(&["assets/demo/glyphs-cnn"]);
    assert_is_sound(&run);
    insta::assert_snapshot!("report_run", stable(&run));
    let checkpoint = page(&[MODEL]);
    assert_is_sound(&checkpoint);
    insta::assert_snapshot!("report_checkpoint", stable(&checkpoint));
    let pair = page(&PAIR);
    assert_is_sound(&pair);
    insta::assert_snapshot!("report_comparison", stable(&pair));
}

#[test]
fn runs_are_compared_and_what_went_wrong_is_said() {
    let all = page(&["assets/demo"]);
    assert_is_sound(&all);
    for text in [
        "<h1>5 runs</h1>",
        "<h2>spirals-overfit</h2>",
        "It overfits</strong> from epoch 10 on",
        "It broke:</strong> <code>train_loss</code> is no number at epoch 7",
        ">NaN</text>",
        "logarithmic",
        "val_loss of the runs",
        "How the layers changed",
    ] {
        assert!(all.contains(text), "{text}");
    }
    let broken = page(&["assets/demo/wave-lr-too-high/checkpoint_0009.pth"]);
    assert_is_sound(&broken);
    assert!(broken.contains("12 serious findings") && broken.contains("refuses it"));
    let fast = page(&["assets/demo", "--no-values"]);
    assert_is_sound(&fast);
    assert!(!fast.contains("How the layers changed"));
    let by = page(&["assets/demo", "--metric", "valid/accuracy"]);
    assert!(by.contains("val_acc of the runs") && by.contains("best 0.9517"));
}

#[test]
fn what_is_written_appears_whole_and_replaces_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let root = fixtures().join("zip/tutorial.pt");
    let root = root.to_str().unwrap();
    let target = folder.path().join("out.html");
    let out = target.to_str().unwrap();
    let text = crate::stdout(&["report", root, "-o", out]);
    assert!(text.starts_with(out) && text.contains("KiB"), "{text}");
    let written = std::fs::read_to_string(&target).unwrap();
    assert_is_sound(&written);
    let again = run(&["report", root, "-o", out]);
    let stderr = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr.contains("--force") && stderr.lines().count() == 1, "{stderr}");
    let json = crate::json(&["report", root, "-o", out, "--force", "--json"]);
    assert_eq!((json["path"].as_str(), json["title"].as_str()), (Some(out), Some("tutorial.pt")));
    crate::stdout(&["report", root, "-o", folder.path().to_str().unwrap()]);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.contains(&"tutorial.pt-report.html".into()) && names.len() == 2, "{names:?}");
}

#[test]
fn what_cannot_be_told_is_an_error_of_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    let demo = demo.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 6] = [
        (&["report", "zip/tutorial.pt"], 2, "--output"),
        (&["report", "nothing", "-o", "-"], 2, "no such file"),
        (&["report", "zip/tutorial.pt", "-o", "model.pt", "--force"], 2, "OUT.html"),
        (&["report", empty, "-o", "-"], 2, "no runs"),
        (&["report", demo, "-o", "-", "--metric", "bleu"], 1, "bleu"),
        (&["report", "expected.json", "-o", "-"], 2, ""),
    ];
    for (args, code, text) in cases {
        let output = run(args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
        assert!(stderr.contains(text) && stderr.lines().count() == 1, "{args:?}: {stderr}");
        assert!(output.stdout.is_empty());
    }
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "an experiment folder is left alone");
}

/// A safetensors file of float32 scalars with these names, and this beside them.
fn named(path: &Path, names: &[String]) {
    let tensor = |(at, name): (usize, &String)| {
        (name.clone(), serde_json::json!({"dtype": "F32", "shape": [], "data_offsets": [4 * at, 4 * at + 4]}))
    };
    let mut header: serde_json::Map<String, serde_json::Value> =
        names.iter().enumerate().map(tensor).collect();
    let metadata = serde_json::json!({"<img src=x>": "\"onerror=alert(1)\u{202e}", "val_loss": "<b>"});
    header.insert("__metadata__".to_owned(), metadata);
    let header = serde_json::to_vec(&header).unwrap();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(std::iter::repeat_n(0x7f, 4 * names.len()));
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn names_of_strangers_are_text_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let evil = "</title><script>alert(1)</script>".to_owned();
    let names = vec![
        evil.clone(),
        "\"'><svg onload=x>".to_owned(),
        "a\u{202e}b\u{1b}[2J\n</pre>".to_owned(),
        "&lt;b&gt;".to_owned(),
        "k<".repeat(1 << 19),
    ];
    let run_folder = folder.path().join("<script>run");
    std::fs::create_dir(&run_folder).unwrap();
    let (a, b) = (run_folder.join("a\"'<b>.safetensors"), run_folder.join("b&amp;.safetensors"));
    named(&a, &names);
    named(&b, &names[..2]);
    std::fs::write(
        run_folder.join("log.csv"),
        "epoch,<script>loss,val_loss\n1,0.5,0.4\n2,nan,0.3\n3,0.2,inf\n",
    )
    .unwrap();
    let [a, b, whole] = [&a, &b, &run_folder].map(|path| path.to_str().unwrap());
    for args in [&[a][..], &[a, b], &[b, a], &[whole], &[folder.path().to_str().unwrap()]] {
        let page = page(args);
        assert_is_sound(&page);
        assert!(page.len() < 400_000, "a name of a megabyte is cut: {}", page.len());
    }
    assert!(page(&[a]).contains("&lt;/title&gt;&lt;script&gt;alert(1)"));
}
