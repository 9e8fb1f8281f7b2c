//! Questions to the person at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

/// Asks for yes or no; none where nobody is there to answer.
pub(crate) type Ask<'a> = dyn FnMut(&str) -> Option<bool> + 'a;

/// Asks on stderr and reads stdin, where both are a terminal. No answer means no.
pub(crate) fn ask(question: &str) -> Option<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    let mut stderr = io::stderr();
    let shown = write!(stderr, "{question}").and_then(|()| stderr.flush());
    let mut line = String::new();
    let answered = shown.and_then(|()| io::stdin().lock().read_line(&mut line));
    Some(answered.is_ok() && is_yes(&line))
}

fn is_yes(line: &str) -> bool {
    let line = line.trim();
    line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        assert!(is_yes("y\n") && is_yes(" YES \r\n"));
        assert!(!is_yes("") && !is_yes("\n") && !is_yes("n\n") && !is_yes("yep\n"));
    }
}
