//! The C++ compiler that tch's build script needs.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const REMEDY: &str = "install one, on Debian: apt-get install g++";

/// What is wrong with the C++ compiler, with the remedy; `None` when it works.
pub(crate) fn fault() -> Option<String> {
    let compiler = std::env::var_os("CXX").map_or_else(|| "c++".into(), PathBuf::from);
    fault_of(&compiler)
}

fn fault_of(compiler: &std::path::Path) -> Option<String> {
    let name = compiler.display();
    let child = Command::new(compiler)
        .args(["-std=c++17", "-fsyntax-only", "-x", "c++", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        return Some(format!(
            "tch needs a C++ compiler and `{name}` is not there; {REMEDY}"
        ));
    };
    if let Some(mut stdin) = child.stdin.take() {
        // A compiler that dies early closes the pipe; its exit status tells.
        let _ = stdin.write_all(b"#include <vector>\nint main() { return 0; }\n");
    }
    let works = child.wait().is_ok_and(|status| status.success());
    (!works).then(|| format!("`{name}` does not compile C++17 with the standard library; {REMEDY}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_missing_and_a_failing_compiler_are_told_apart_with_the_remedy() {
        let missing = fault_of(Path::new("no-such-compiler")).unwrap();
        assert!(missing.contains("is not there") && missing.contains("apt-get install g++"));
        let failing = fault_of(Path::new("false")).unwrap();
        assert!(failing.contains("does not compile"), "{failing}");
        assert_eq!(fault_of(Path::new("true")), None);
    }
}
