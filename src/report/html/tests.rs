//! Text stays text.

use super::*;
use proptest::prelude::*;

fn text(text: &str) -> String {
    let mut page = Page::default();
    page.text(text);
    page.0
}

#[test]
fn nothing_in_text_is_markup() {
    assert_eq!(
        text("<script>alert('1' & \"2\")</script>"),
        "&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;"
    );
    assert_eq!(text("a\u{202e}b\u{1b}[2J\0\n"), "a\\u{202e}b\\u{1b}[2J\\u{0}\\n");
}

#[test]
fn a_name_of_a_megabyte_is_cut() {
    let long = "k<".repeat(1 << 19);
    let mut page = Page::default();
    page.name(&long);
    assert!(page.0.len() < 1_200 && page.0.ends_with("(1048576 bytes)"), "{}", page.0.len());
    assert!(text(&long).len() < 5 * LONGEST);
    let mut page = Page::default();
    page.listing(&long);
    assert!(page.0.len() < 6 * LISTING);
}

#[test]
fn listings_keep_their_lines() {
    let mut page = Page::default();
    page.listing("a = '\\x1b'\n\tb < c\u{202e}");
    assert_eq!(page.0, "a = &#39;\\x1b&#39;\n\tb &lt; c\\u{202e}");
}

#[test]
fn coordinates_are_numbers() {
    let mut page = Page::default();
    for x in [0.0, -0.04, 1.25, -3.5, 100.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        page.number(x).raw(" ");
    }
    assert_eq!(page.0, "0 0 1.3 -3.5 100 0 0 0 1000000 ");
}

proptest! {
    #[test]
    fn whatever_is_written_there_is_no_tag(name in any::<String>()) {
        let mut page = Page::default();
        page.text(&name).name(&name).listing(&name);
        let active = ['<', '>', '"', '\'', '\u{202e}', '\0'];
        prop_assert!(!page.0.contains(active));
    }
}
