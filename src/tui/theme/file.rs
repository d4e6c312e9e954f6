//! Themes as files: those in `assets/themes`, which are part of the program, and those of a person.

use std::path::Path;

use ratatui::style::Color;
use toml::de::{DeTable, DeValue};

use super::colors::{Colors, TERMINAL};
use crate::settings::{Place, read::place};
use crate::text::likeness::did_you_mean;
use crate::text::shown_path;

/// The themes that are part of the program.
pub static BUILT_IN: [(&str, &str); 3] = [
    ("night", include_str!("../../../assets/themes/night.toml")),
    ("day", include_str!("../../../assets/themes/day.toml")),
    ("okabe-ito", include_str!("../../../assets/themes/okabe-ito.toml")),
];

/// The colours of the theme called `name`: `terminal`, one of the program's, or `themes/NAME.toml` in `folder`.
///
/// # Errors
/// In words, that there is none, or what is wrong with its file.
pub fn colors(name: &str, folder: Option<&Path>) -> Result<Colors, String> {
    if name == "terminal" {
        return Ok(TERMINAL);
    }
    // A name is a name: it leads nowhere else.
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let own = folder.filter(|_| is_name).map(|folder| folder.join("themes").join(format!("{name}.toml")));
    if let Some(path) = &own
        && let Some(text) =
            crate::settings::read_text(path).map_err(|e| format!("{}: {e}", shown_path(path)))?
    {
        return parse(&text).map_err(|(place, reason)| {
            format!("{}:{}:{}: {reason}", shown_path(path), place.line, place.column)
        });
    }
    if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
        return parse(text).map_err(|(_, reason)| reason);
    }
    let known = || BUILT_IN.iter().map(|(known, _)| *known).chain(["terminal"]);
    let all: Vec<&str> = known().collect();
    let also = own.map(|path| format!(", nor is there {}", shown_path(&path))).unwrap_or_default();
    let close = did_you_mean(name, known());
    Err(format!("there is no theme \"{name}\" (known: {}){also}{close}", all.join(", ")))
}

type Fault = (Place, String);

/// The colours a file gives; what it leaves out is the terminal's.
///
/// # Errors
/// The first thing that is wrong, and where.
pub fn parse(text: &str) -> Result<Colors, Fault> {
    let at = |span: std::ops::Range<usize>| place(text, span.start);
    let table = DeTable::parse(text)
        .map_err(|error| (at(error.span().unwrap_or(0..0)), error.message().replace('\n', ", ")))?;
    let mut colors = TERMINAL;
    for (name, value) in table.get_ref() {
        let fault = |reason: String| (at(value.span()), format!("{}: {reason}", name.get_ref()));
        let value = value.get_ref();
        let one = |place: &mut Color| color(value).map(|it| *place = it);
        let set = match &**name.get_ref() {
            "focus" => one(&mut colors.focus),
            "lively" => one(&mut colors.lively),
            "good" => one(&mut colors.good),
            "warning" => one(&mut colors.warning),
            "error" => one(&mut colors.error),
            "matched" => one(&mut colors.matched),
            "curve" => one(&mut colors.curve),
            "text" => color(value).map(|it| colors.text = Some(it)),
            "faint" => color(value).map(|it| colors.faint = Some(it)),
            "lines" => several(value).map(|it| colors.lines = it),
            "heat" => several(value).map(|it| colors.heat = it),
            "ramp" => several(value).map(|it| colors.ramp = Some(it)),
            other => {
                let reason = format!("there is no such colour{}", did_you_mean(other, ROLES.into_iter()));
                return Err((at(name.span()), format!("{other}: {reason}")));
            }
        };
        set.map_err(fault)?;
    }
    Ok(colors)
}

const ROLES: [&str; 12] = [
    "text", "faint", "focus", "lively", "good", "warning", "error", "matched", "curve", "lines", "heat",
    "ramp",
];

fn several<const N: usize>(value: &DeValue<'_>) -> Result<[Color; N], String> {
    let wanted = || format!("a list of {N} colours is meant");
    let list = value.as_array().ok_or_else(wanted)?;
    let colors: Vec<Color> = list.iter().map(|item| color(item.get_ref())).collect::<Result<_, _>>()?;
    colors.try_into().map_err(|_| wanted())
}

fn color(value: &DeValue<'_>) -> Result<Color, String> {
    let wanted = "a colour is \"#rrggbb\", the name of one of the terminal's sixteen (\"blue\", \"light blue\"), or \"0\" to \"255\"";
    let text = value.as_str().ok_or_else(|| wanted.to_owned())?;
    let color: Color = text.parse().map_err(|_| format!("\"{text}\" is no colour; {wanted}"))?;
    Ok(color)
}

#[cfg(test)]
mod tests {
    use super::super::colors::Depth;
    use super::*;

    /// The contrast of two colours by WCAG 2.
    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let light = |color: [u8; 3]| {
            let [r, g, b] = color.map(|c| {
                let c = f64::from(c) / 255.0;
                if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (light(a) + 0.05, light(b) + 0.05);
        if a > b { a / b } else { b / a }
    }

    fn rgb(color: Color) -> [u8; 3] {
        let Color::Rgb(r, g, b) = color else { panic!("{color:?} is another on every terminal") };
        [r, g, b]
    }

    #[test]
    fn the_themes_of_the_program_read_on_their_backgrounds() {
        const DARK: [[u8; 3]; 2] = [[0, 0, 0], [0x28, 0x2c, 0x34]];
        const LIGHT: [[u8; 3]; 2] = [[0xff, 0xff, 0xff], [0xfd, 0xf6, 0xe3]];
        for (name, backgrounds, least) in [("night", DARK, 4.5), ("day", LIGHT, 4.5)] {
            let colors = colors(name, None).unwrap();
            let mut words = vec![colors.focus, colors.lively, colors.good, colors.warning, colors.error];
            words.extend([colors.matched, colors.curve]);
            words.extend(colors.text.into_iter().chain(colors.faint));
            words.extend(colors.lines);
            for (color, background) in words.iter().flat_map(|c| backgrounds.map(|b| (*c, b))) {
                let got = contrast(rgb(color), background);
                assert!(got >= least, "{name}: {color:?} on {background:?} is {got:.2}");
            }
        }
        // Lines and marks for any eye, on any background: larger things need 2.
        let okabe = colors("okabe-ito", None).unwrap();
        for (color, background) in okabe.lines.iter().flat_map(|c| [[0; 3], [0xff; 3]].map(|b| (*c, b))) {
            assert!(contrast(rgb(color), background) >= 2.0, "{color:?} on {background:?}");
        }
    }

    #[test]
    fn the_ramp_gets_lighter_or_darker_all_the_way() {
        for (name, text) in BUILT_IN {
            let ramp = parse(text).unwrap().ramp.unwrap();
            let light: Vec<f64> = ramp[1..].iter().map(|c| contrast(rgb(*c), [0; 3])).collect();
            let rising = light.windows(2).all(|w| w[0] < w[1]);
            assert!(rising || light.windows(2).all(|w| w[0] > w[1]), "{name}: {light:?}");
        }
    }

    #[test]
    fn a_file_says_what_is_wrong_with_it() {
        let fault = |text: &str| {
            let (place, reason) = parse(text).unwrap_err();
            format!("{}:{} {reason}", place.line, place.column)
        };
        assert_eq!(
            fault("focus = \"cyan\"\ngod = \"red\""),
            "2:1 god: there is no such colour; did you mean \"good\"?"
        );
        assert!(
            fault("good = \"reddish\"")
                .starts_with("1:8 good: \"reddish\" is no colour; a colour is \"#rrggbb\"")
        );
        assert_eq!(fault("heat = [\"red\"]"), "1:8 heat: a list of 3 colours is meant");
        assert_eq!(parse("").unwrap(), TERMINAL);
        assert_eq!(parse("good = \"#00ff7f\"").unwrap().good, Color::Rgb(0, 255, 127));
        assert!(colors("nihgt", None).unwrap_err().contains("did you mean \"night\"?"));
        assert!(colors("../../etc/passwd", Some(Path::new("/"))).unwrap_err().contains("there is no theme"));
    }

    #[test]
    fn on_fewer_colours_a_theme_uses_those_there_are() {
        let night = colors("night", None).unwrap();
        let indexed = |c: Color| matches!(c, Color::Indexed(_));
        assert!(night.reduced(Depth::Ansi256).unwrap().lines.into_iter().all(indexed));
        assert_eq!(night.reduced(Depth::Ansi16).unwrap(), Colors { ramp: None, ..TERMINAL });
        assert_eq!(night.reduced(Depth::Off), None);
    }
}
