//! Errors in a configuration, shown where they stand, with the key that was probably meant.

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::de::DeserializeOwned;

use super::layers::Layer;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, Message};

/// A mistake in a configuration.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
struct Mistake {
    message: String,
    #[source_code]
    text: NamedSource<String>,
    #[label("here")]
    at: Option<SourceSpan>,
    #[help]
    help: Option<String>,
}

/// A text that is no TOML.
pub(crate) fn syntax(name: &str, text: &str, error: &toml::de::Error) -> Failure {
    failure(name, text, error.span(), error.message(), None)
}

/// A value of `layer` that a `T` has no place for.
pub(crate) fn blame<T: DeserializeOwned>(layer: &Layer, error: &toml::de::Error) -> Failure {
    tell(layer, error.message().trim(), place::<T>)
}

/// A value of `layer` (as serde would say it: "unknown metric `x`, expected one of `y`") that only
/// its reader knows to be wrong.
pub(crate) fn refuse(layer: &Layer, message: &str) -> Failure {
    tell(layer, message, |text, message| {
        quoted(message).next().and_then(|word| value(text, word))
    })
}

fn tell(
    layer: &Layer,
    message: &str,
    place: impl Fn(&str, &str) -> Option<std::ops::Range<usize>>,
) -> Failure {
    let help = suggestion(message).map(|meant| format!("did you mean `{meant}`?"));
    let Some(text) = &layer.text else {
        let help = help.map_or(String::new(), |help| format!("; {help}"));
        return Failure::usage(format!("{}: {message}{help}", layer.name));
    };
    failure(&layer.name, text, place(text, message), message, help)
}

/// Where in `text`, comments left out, the value `word` stands first.
fn value(text: &str, word: &str) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let shown = line.split('#').next().unwrap_or(line);
        let found = ['"', '\''].map(|quote| shown.find(&format!("{quote}{word}{quote}")));
        if let Some(at) = found.into_iter().flatten().min() {
            let begin = start + at + 1;
            return Some(begin..begin + word.len());
        }
        start += line.len();
    }
    None
}

fn failure(
    name: &str,
    text: &str,
    span: Option<std::ops::Range<usize>>,
    message: &str,
    help: Option<String>,
) -> Failure {
    let mistake = Mistake {
        message: message.to_owned(),
        text: NamedSource::new(name, text.to_owned()).with_language("toml"),
        at: span.map(SourceSpan::from),
        help,
    };
    Failure {
        code: ExitCode::Usage,
        message: Message::Diagnostic(mistake.into()),
    }
}

/// Where in `text` the mistake stands: as serde sees it, or (inside a `kind`, where serde loses
/// sight of it) at the key it names.
fn place<T: DeserializeOwned>(text: &str, message: &str) -> Option<std::ops::Range<usize>> {
    let seen = toml::from_str::<T>(text).err();
    let seen = seen
        .filter(|error| error.message().trim() == message)
        .and_then(|e| e.span());
    let named = |span: &std::ops::Range<usize>| {
        quoted(message)
            .next()
            .is_some_and(|key| text.get(span.clone()) == Some(key))
    };
    if let Some(span) = seen.clone().filter(named) {
        return Some(span);
    }
    if let Some(key) = quoted(message)
        .next()
        .filter(|_| message.starts_with("unknown "))
    {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            let name = line.trim_start().trim_start_matches(['[', '"']);
            let begins = name
                .strip_prefix(key)
                .is_some_and(|rest| !rest.starts_with(is_bare));
            let value = line
                .split_once('=')
                .is_some_and(|(_, v)| v.contains(&format!("\"{key}\"")));
            if begins || value {
                let offset = line.find(key).unwrap_or(indent);
                return Some(start + offset..start + offset + key.len());
            }
            start += line.len();
        }
    }
    toml::from_str::<T>(text).err()?.span()
}

fn is_bare(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// The words between backticks.
fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
}

/// The known word nearest to the unknown one, where one is near.
fn suggestion(message: &str) -> Option<&str> {
    let mut words = quoted(message);
    let unknown = words.next().filter(|_| message.starts_with("unknown "))?;
    let near = |word: &&str| strsim::jaro_winkler(unknown, word);
    let best = words.max_by(|a, b| near(a).total_cmp(&near(b)))?;
    (near(&best) > 0.75).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let layer = Layer::text("aesc.toml", text).unwrap();
        let error = toml::from_str::<aesc_artifact::RunConfig>(text).unwrap_err();
        match blame::<aesc_artifact::RunConfig>(&layer, &error).message {
            Message::Diagnostic(report) => {
                let handler = miette::NarratableReportHandler::new();
                let mut out = String::new();
                handler.render_report(&mut out, report.as_ref()).unwrap();
                out
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_misspelt_key_is_shown_with_its_line_and_the_key_meant() {
        let told = told("seed = 1\n\n[train]\nbatch = 8\nstepz = 5\n");
        assert!(told.contains("unknown field `stepz`"), "{told}");
        assert!(told.contains("line 5"), "{told}");
        assert!(told.contains("did you mean `steps`?"), "{told}");
    }

    #[test]
    fn a_key_in_the_wrong_table_is_shown_there() {
        let told = told("[network]\ndepth = 5\n[data]\ndepth = 5\n");
        assert!(told.contains("line 4"), "{told}");
    }

    #[test]
    fn a_misspelt_key_inside_a_kind_is_found_too() {
        let told = told("[corruption]\nkind = \"stain\"\nblurr = 0.1\n");
        assert!(
            told.contains("line 3") && told.contains("did you mean `blur`?"),
            "{told}"
        );
    }

    #[test]
    fn a_wrong_kind_of_value_is_shown_where_it_stands() {
        let told = told("[train]\nbatch = \"many\"\n");
        assert!(told.contains("line 2"), "{told}");
    }
}
