//! No subcommand: the terminal UI, or plain text where there is no terminal to draw on.

use super::args::{Args, Form, look};
use super::ls;
use super::output::{Failure, Out, is_terminal};
use super::style::Style;
use crate::settings::{self, Settings, ThemeChoice};
use crate::state::Store;
use crate::tui;
use crate::tui::theme::{Theme, Wish};

/// Opens the UI; without a terminal, or where JSON is asked for, prints what `ls` prints.
///
/// # Errors
/// What opening the terminal, or printing, finds; a theme or keys that cannot be used.
pub(super) fn run(args: Args, settings: Settings, style: &Style, out: &mut Out) -> Result<(), Failure> {
    let keys = super::config::keys(&args.common, &settings)?;
    if args.print_keys {
        return super::config::print_keys(&keys, args.common.json, style, out);
    }
    ls::check(&args.paths)?;
    if args.common.json || !is_terminal() {
        let form = if args.common.json { Form::Json } else { Form::Text };
        return ls::run(&args.paths, None, form, style, out);
    }
    let options = tui::Options {
        theme: theme(&args, &settings)?,
        keys,
        metrics: settings.metrics,
        cache: super::config::cache(&args.common),
        mouse: if args.no_mouse { Some(false) } else { settings.mouse },
        state: if args.no_state || settings.remember == Some(false) {
            Store::off()
        } else {
            Store::of_user()
        },
        hints: !args.no_hints && settings.hints != Some(false),
        paths: args.paths,
    };
    tui::run(options).map_err(|error| Failure::Message(error.to_string()))
}

/// Flags count more than settings.
fn theme(args: &Args, settings: &Settings) -> Result<Theme, Failure> {
    let look = &args.look;
    let palette = look.palette.map(|palette| match palette {
        look::Palette::Auto => settings::Palette::Auto,
        look::Palette::Off => settings::Palette::Off,
        look::Palette::Ansi16 => settings::Palette::Ansi16,
        look::Palette::Ansi256 => settings::Palette::Ansi256,
        look::Palette::Rgb => settings::Palette::Rgb,
    });
    let background = look.background.map(|background| match background {
        look::Background::Auto => settings::Background::Auto,
        look::Background::Dark => settings::Background::Dark,
        look::Background::Light => settings::Background::Light,
    });
    let wish = Wish {
        color: args.common.when(),
        palette: palette.or(settings.palette).unwrap_or_default(),
        theme: look.theme.clone().map(ThemeChoice::One).or_else(|| settings.theme.clone()),
        background: background.or(settings.background).unwrap_or_default(),
        ascii: args.common.ascii,
    };
    Theme::choose(&wish, settings::folder().as_deref()).map_err(Failure::Message)
}
