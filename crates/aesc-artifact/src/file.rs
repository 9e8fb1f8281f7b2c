//! Named f32 tensors with text metadata in a safetensors file; reading trusts nothing.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::{ArtifactError, write_atomically};

/// A file larger than this is refused before it is read.
pub(crate) const MAX_FILE_BYTES: u64 = 4 << 30;
/// A header larger than this is refused: ours take a few kB.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// A tensor as plain numbers, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// For example `enc1.conv.weight`.
    pub name: String,
    /// Its sides.
    pub shape: Vec<usize>,
    /// As many values as the sides' product.
    pub data: Vec<f32>,
}

/// A safetensors file: metadata and f32 tensors, sorted by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TensorFile {
    /// The `__metadata__` entries.
    pub metadata: BTreeMap<String, String>,
    /// The tensors.
    pub tensors: Vec<NamedTensor>,
}

impl TensorFile {
    /// Writes the file whole or not at all. The same content always gives the same bytes.
    ///
    /// # Errors
    /// [`ArtifactError::Write`] on a full disk, an unwritable folder or a shape that lies.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), ArtifactError> {
        let path = path.as_ref();
        for tensor in &self.tensors {
            check_finite(path, &tensor.name, &tensor.data)?;
        }
        let bytes = self
            .to_bytes()
            .map_err(|found| ArtifactError::file(path, "tensors that fit their shapes", found))?;
        // What is written is read back: a longer file would be refused.
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(too_long(path, bytes.len() as u64));
        }
        write_atomically(path, &bytes)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, safetensors::SafeTensorError> {
        let raw: Vec<Vec<u8>> = self.tensors.iter().map(|t| le_bytes(&t.data)).collect();
        let views = self.tensors.iter().zip(&raw).map(|(tensor, bytes)| {
            let view = TensorView::new(Dtype::F32, tensor.shape.clone(), bytes)?;
            Ok((tensor.name.as_str(), view))
        });
        let views = views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
        let metadata: HashMap<String, String> = self.metadata.clone().into_iter().collect();
        Ok(with_sorted_header(safetensors::serialize(
            views,
            Some(metadata),
        )?))
    }

    /// Reads and checks a whole file.
    ///
    /// # Errors
    /// [`ArtifactError::Read`] when it cannot be opened; [`ArtifactError::File`] when it is cut
    /// short, too large, not safetensors, not f32, or holds a value that is not finite.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ArtifactError> {
        let path = path.as_ref();
        let bytes = read_bounded(path)?;
        let bad = |found: &dyn std::fmt::Display| {
            ArtifactError::file(path, "a whole safetensors file", found)
        };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| bad(&e))?;
        let metadata = header
            .metadata()
            .clone()
            .unwrap_or_default()
            .into_iter()
            .collect();
        let file = SafeTensors::deserialize(&bytes).map_err(|e| bad(&e))?;
        let mut views = file.tensors();
        views.sort_by(|a, b| a.0.cmp(&b.0));
        let tensors = views
            .into_iter()
            .map(|(name, view)| decode(path, name, &view));
        Ok(Self {
            metadata,
            tensors: tensors.collect::<Result<_, _>>()?,
        })
    }

    /// Reads the metadata alone, without loading a tensor.
    ///
    /// # Errors
    /// As [`TensorFile::read`], but for what only the tensors can show.
    pub fn read_metadata(
        path: impl AsRef<Path>,
    ) -> Result<BTreeMap<String, String>, ArtifactError> {
        let path = path.as_ref();
        let (header, data_len) = read_header(path)?;
        let parsed: serde_json::Value = serde_json::from_slice(&header)
            .map_err(|e| ArtifactError::file(path, "a JSON header", e))?;
        let ends = parsed.as_object().into_iter().flatten();
        let ends = ends.filter_map(|(_, tensor)| tensor["data_offsets"][1].as_u64());
        let expected = ends.max().unwrap_or(0);
        if expected != data_len {
            let expected = format!("{expected} bytes of tensors");
            return Err(ArtifactError::file(path, expected, format!("{data_len}")));
        }
        let entries = parsed.get("__metadata__").cloned().unwrap_or_default();
        serde_json::from_value(entries)
            .map_err(|e| ArtifactError::file(path, "text entries under __metadata__", e))
    }
}

fn decode(path: &Path, name: String, view: &TensorView<'_>) -> Result<NamedTensor, ArtifactError> {
    if view.dtype() != Dtype::F32 {
        let found = format!("{:?}", view.dtype());
        return Err(ArtifactError::file(path, format!("{name} as F32"), found));
    }
    let (chunks, _) = view.data().as_chunks::<4>();
    let data: Vec<f32> = chunks
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    check_finite(path, &name, &data)?;
    Ok(NamedTensor {
        name,
        shape: view.shape().to_vec(),
        data,
    })
}

fn check_finite(path: &Path, name: &str, data: &[f32]) -> Result<(), ArtifactError> {
    match data.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let found = format!("{} at value {at}", data[at]);
            Err(ArtifactError::file(
                path,
                format!("finite values in {name}"),
                found,
            ))
        }
    }
}

fn le_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Sorts the header's keys: the writer keeps metadata in a hash map, whose order varies.
fn with_sorted_header(bytes: Vec<u8>) -> Vec<u8> {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return bytes;
    };
    let length = u64::from_le_bytes(*length) as usize;
    let Ok(header) = serde_json::from_slice::<serde_json::Value>(&rest[..length]) else {
        return bytes;
    };
    // serde_json's map is sorted by key.
    let mut sorted = header.to_string().into_bytes();
    sorted.resize(sorted.len().next_multiple_of(8), b' ');
    let mut out = (sorted.len() as u64).to_le_bytes().to_vec();
    out.append(&mut sorted);
    out.extend_from_slice(&rest[length..]);
    out
}

fn open(path: &Path) -> Result<(File, u64), ArtifactError> {
    let fail = |source| ArtifactError::Read {
        path: path.to_owned(),
        source,
    };
    // Before it is opened: a pipe that nobody writes into would be waited for.
    let meta = std::fs::metadata(path).map_err(fail)?;
    if !meta.is_file() {
        return Err(ArtifactError::file(
            path,
            "a file",
            "something else, such as a folder or a pipe",
        ));
    }
    Ok((File::open(path).map_err(fail)?, meta.len()))
}

fn too_long(path: &Path, length: u64) -> ArtifactError {
    let expected = format!("at most {MAX_FILE_BYTES} bytes");
    ArtifactError::file(path, expected, format!("{length} bytes"))
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, ArtifactError> {
    read_header(path)?;
    let (mut file, length) = open(path)?;
    if length > MAX_FILE_BYTES {
        return Err(too_long(path, length));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.read_to_end(&mut bytes)
        .map_err(|source| ArtifactError::Read {
            path: path.to_owned(),
            source,
        })?;
    Ok(bytes)
}

/// The header and the number of bytes behind it.
fn read_header(path: &Path) -> Result<(Vec<u8>, u64), ArtifactError> {
    let (mut file, length) = open(path)?;
    let fail = |source| ArtifactError::Read {
        path: path.to_owned(),
        source,
    };
    if length < 8 {
        return Err(ArtifactError::file(
            path,
            "a safetensors file",
            format!("{length} bytes"),
        ));
    }
    let mut prefix = [0; 8];
    file.read_exact(&mut prefix).map_err(fail)?;
    let header = u64::from_le_bytes(prefix);
    if header > MAX_HEADER_BYTES || header > length - 8 {
        let expected = "a safetensors header that fits the file";
        let found = format!("a header of {header} bytes in a file of {length}");
        return Err(ArtifactError::file(path, expected, found));
    }
    let mut bytes = vec![0; header as usize];
    file.read_exact(&mut bytes).map_err(fail)?;
    Ok((bytes, length - 8 - header))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> TensorFile {
        let metadata = (0..9)
            .map(|i| (format!("key{i}"), format!("value {i}")))
            .collect();
        let tensors = vec![
            NamedTensor {
                name: "a".into(),
                shape: vec![2, 2],
                data: vec![1.0, -2.0, 0.5, 4.0],
            },
            NamedTensor {
                name: "b".into(),
                shape: vec![3],
                data: vec![0.0, 1e-30, 3e30],
            },
        ];
        TensorFile { metadata, tensors }
    }

    fn written(file: &TensorFile) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        file.write(&path).unwrap();
        (folder, path)
    }

    #[test]
    fn what_was_written_is_read() {
        let (_folder, path) = written(&small());
        assert_eq!(TensorFile::read(&path).unwrap(), small());
        assert_eq!(TensorFile::read_metadata(&path).unwrap(), small().metadata);
    }

    #[test]
    fn equal_content_gives_equal_bytes() {
        assert_eq!(small().to_bytes().unwrap(), small().to_bytes().unwrap());
    }

    #[test]
    fn every_cut_is_an_error_and_never_a_panic() {
        let (_folder, path) = written(&small());
        let bytes = std::fs::read(&path).unwrap();
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(TensorFile::read(&path).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn a_nan_is_named_with_its_tensor() {
        let mut file = small();
        file.tensors[0].data[2] = f32::NAN;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        assert!(
            file.write(&path).is_err() && !path.exists(),
            "it is not written either"
        );
        std::fs::write(&path, file.to_bytes().unwrap()).unwrap();
        let message = TensorFile::read(&path).unwrap_err().to_string();
        assert!(
            message.ends_with("expected finite values in a, found NaN at value 2"),
            "{message}"
        );
    }

    #[test]
    fn a_header_that_claims_more_than_the_file_allocates_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("liar");
        std::fs::write(&path, u64::MAX.to_le_bytes()).unwrap();
        assert!(matches!(
            TensorFile::read(&path),
            Err(ArtifactError::File { .. })
        ));
    }

    #[test]
    fn a_folder_is_no_model() {
        let folder = tempfile::tempdir().unwrap();
        assert!(TensorFile::read(folder.path()).is_err());
    }
}
