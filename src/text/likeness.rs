//! What a person may have meant by a name that is none.

/// `; did you mean "x"?`, when one of the names is close enough to `name`; else nothing.
pub fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let close = known.map(|known| (strsim::jaro_winkler(name, known), known));
    let best = close.filter(|(likeness, _)| *likeness > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, known)| format!("; did you mean \"{known}\"?")).unwrap_or_default()
}
