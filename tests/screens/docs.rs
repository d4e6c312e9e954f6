//! The documentation says what the program does.

/// Written anew by `UPDATE_DOCS=1 cargo test --test screens docs`.
#[test]
fn the_page_of_keys_is_the_table_of_commands() {
    let page = ckpt_tui::tui::commands::markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write("docs/keys.md", &page).unwrap();
    }
    let written = std::fs::read_to_string("docs/keys.md").unwrap_or_default();
    assert_eq!(written, page, "docs/keys.md is out of date: UPDATE_DOCS=1 cargo test --test screens docs");
}
