//! Devices: choosing one, loading libtorch's CUDA half at run time, and what a machine has.

use std::path::PathBuf;
use std::sync::OnceLock;

use aesc_artifact::Precision;

use crate::ModelError;

/// Where tensors live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    Cpu,
    /// The CUDA device of this index.
    Cuda(usize),
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl Device {
    /// Opens `auto`, `cpu`, `cuda` or `cuda:N`; `auto` is the first CUDA device, else the CPU.
    ///
    /// # Errors
    /// [`ModelError::Device`] when the name is unknown or the device is not there, with the reason.
    pub fn open(asked: &str) -> Result<Self, ModelError> {
        let absent = |reason: String| ModelError::Device {
            asked: asked.to_owned(),
            reason,
        };
        match asked {
            "cpu" => Ok(Self::Cpu),
            "auto" => Ok(if cuda().is_ok() {
                Self::Cuda(0)
            } else {
                Self::Cpu
            }),
            _ => {
                let index = match asked.strip_prefix("cuda") {
                    Some("") => Some(0),
                    Some(rest) => rest.strip_prefix(':').and_then(|n| n.parse::<usize>().ok()),
                    None => None,
                };
                let known = "expected auto, cpu, cuda or cuda:N";
                let index = index.ok_or_else(|| absent(known.to_owned()))?;
                let count = *cuda().as_ref().map_err(|reason| absent(reason.clone()))?;
                if index < count {
                    Ok(Self::Cuda(index))
                } else {
                    Err(absent(format!(
                        "this machine has {count} CUDA device(s), counted from 0"
                    )))
                }
            }
        }
    }

    /// Whether this device multiplies in `precision` faster than it would in f32.
    ///
    /// # Errors
    /// [`ModelError::Device`] for bf16 on a processor without instructions for it.
    pub fn check(self, precision: Precision) -> Result<(), ModelError> {
        let able = matches!(self, Self::Cuda(_)) || processor_multiplies_bf16();
        if precision == Precision::F32 || able {
            return Ok(());
        }
        Err(ModelError::Device {
            asked: format!("{self} in bf16"),
            reason: "this processor has neither avx512_bf16 nor amx_bf16, so that bf16 would be \
                     slower than f32; leave the precision at f32"
                .to_owned(),
        })
    }

    pub(crate) fn tch(self) -> tch::Device {
        match self {
            Self::Cpu => tch::Device::Cpu,
            Self::Cuda(index) => tch::Device::Cuda(index),
        }
    }
}

fn processor_multiplies_bf16() -> bool {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = info.lines().find(|line| line.starts_with("flags"));
    flags.is_some_and(|flags| {
        let mut flags = flags.split_whitespace();
        flags.any(|flag| flag == "avx512_bf16" || flag == "amx_bf16")
    })
}

/// What the libtorch of this process offers.
#[derive(Debug, Clone)]
pub struct DeviceReport {
    /// Folder libtorch was loaded from.
    pub libtorch: Option<PathBuf>,
    /// Its version, for example `2.11.0+cpu`.
    pub version: String,
    /// Number of CUDA devices, or why there are none.
    pub cuda: Result<usize, String>,
    /// Threads libtorch computes with.
    pub threads: usize,
}

/// Looks at libtorch and the machine; loads the CUDA half where it is there.
pub fn report() -> DeviceReport {
    DeviceReport {
        libtorch: libtorch_folder(),
        version: libtorch_version(),
        cuda: cuda().clone(),
        threads: tch::get_num_threads().max(1) as usize,
    }
}

/// Limits libtorch to `n` threads (at least one) for every operation.
pub fn set_threads(n: usize) {
    tch::set_num_threads(n.clamp(1, 1024) as i32);
}

/// Has libtorch compute on the calling thread alone from now on.
pub(crate) fn alone() {
    // The number is the thread's own once the thread has computed anything.
    if tch::get_num_threads() != 1 {
        tch::set_num_threads(1);
    }
}

/// The version of the libtorch this process loaded.
pub fn libtorch_version() -> String {
    let beside = libtorch_folder().and_then(|lib| Some(lib.parent()?.join("build-version")));
    let text = beside.and_then(|path| std::fs::read_to_string(path).ok());
    // A Python package of torch has no such file; tch links to this one version only.
    text.map_or_else(|| "2.11.0".to_owned(), |t| t.trim().to_owned())
}

/// The folder `libtorch_cpu.so` was loaded from, read off this process's memory map.
fn libtorch_folder() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps
        .lines()
        .find(|line| line.ends_with("/libtorch_cpu.so"))?;
    let path = PathBuf::from(&line[line.find('/')?..]);
    path.parent().map(PathBuf::from)
}

/// Number of CUDA devices, after loading `libtorch_cuda.so` once.
fn cuda() -> &'static Result<usize, String> {
    static COUNT: OnceLock<Result<usize, String>> = OnceLock::new();
    COUNT.get_or_init(|| {
        load_cuda()?;
        match tch::Cuda::device_count() {
            count if count > 0 => Ok(count as usize),
            _ => Err("libtorch has CUDA but finds no device: check the driver".to_owned()),
        }
    })
}

/// Loads libtorch's CUDA library for the rest of the process. The linker drops it, because this
/// program names no symbol of it; its static initialisers register the device with libtorch.
fn load_cuda() -> Result<(), String> {
    let folder = libtorch_folder().ok_or("libtorch's folder is unknown")?;
    let path = folder.join("libtorch_cuda.so");
    if !path.exists() {
        return Err(format!(
            "{} is a CPU build; `cargo xtask setup --cuda` installs one with CUDA",
            folder.display()
        ));
    }
    #[expect(
        unsafe_code,
        reason = "loading a library runs its initialisers; it is libtorch's own"
    )]
    let library = unsafe {
        use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
        Library::open(Some(&path), RTLD_NOW | RTLD_GLOBAL)
    };
    match library {
        Ok(library) => {
            std::mem::forget(library);
            Ok(())
        }
        Err(error) => Err(format!("{} does not load: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_cuda_device_is_an_error_with_a_reason() {
        let error = Device::open("cuda:99").unwrap_err().to_string();
        assert!(
            error.starts_with("device cuda:99 is not available: "),
            "{error}"
        );
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        let error = Device::open("tpu").unwrap_err().to_string();
        assert!(
            error.ends_with("expected auto, cpu, cuda or cuda:N"),
            "{error}"
        );
    }

    #[test]
    fn libtorch_is_the_version_tch_is_bound_to() {
        assert!(libtorch_version().starts_with("2.11.0"));
    }
}
