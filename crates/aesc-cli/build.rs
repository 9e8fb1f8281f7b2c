//! Stamps the commit into the binary and tells the linker where libtorch will be found.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=../../crates");
    // Commits move the log, `git add` the index; a tree without git has neither.
    for file in ["logs/HEAD", "index"] {
        let path = format!("../../.git/{file}");
        if std::path::Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    println!("cargo:rerun-if-changed=../../data/configs");
    println!(
        "cargo:rustc-env=AESC_COMMIT={}",
        commit().unwrap_or_else(|| "unknown".to_owned())
    );
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    if std::env::var_os("CARGO_FEATURE_LIBTORCH").is_none() {
        return;
    }
    // First a `lib` folder beside the binary's (an unpacked archive), then where it was built.
    println!("cargo:rustc-link-arg-bins=-Wl,-rpath,$ORIGIN/../lib");
    println!("cargo:rerun-if-env-changed=AESC_RELOCATABLE");
    if std::env::var_os("AESC_RELOCATABLE").is_some() {
        return;
    }
    let folder = std::env::var_os("LIBTORCH").and_then(|f| std::fs::canonicalize(f).ok());
    if let Some(folder) = folder {
        println!(
            "cargo:rustc-link-arg=-Wl,-rpath,{}",
            folder.join("lib").display()
        );
    }
}

/// The commit built from, `-dirty` where tracked files differ from it.
fn commit() -> Option<String> {
    let head = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() {
        head
    } else {
        format!("{head}-dirty")
    })
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
