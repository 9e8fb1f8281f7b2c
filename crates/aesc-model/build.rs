//! Tells the linker where this package's own tests and benches find libtorch when they start.

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let Some(folder) = std::env::var_os("LIBTORCH") else {
        return;
    };
    if let Ok(folder) = std::fs::canonicalize(folder) {
        println!(
            "cargo:rustc-link-arg=-Wl,-rpath,{}",
            folder.join("lib").display()
        );
    }
}
