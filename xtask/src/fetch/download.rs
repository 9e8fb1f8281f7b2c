//! One HTTP download that survives cut and slow connections: what has arrived stays in a
//! `.partial` sibling, and the next request asks for the rest.

use super::cannot_write;
use crate::progress::Progress;
use anyhow::{Context, Result, anyhow, bail};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use ureq::Agent;
use ureq::http::{HeaderMap, Response, StatusCode, header};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Requests in a row that may bring nothing before the download is given up.
const MAX_IDLE_REQUESTS: u32 = 3;

/// What to fetch, and how long a transfer may stand still before the rest is asked for anew.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) url: String,
    pub(crate) target: PathBuf,
    pub(crate) stall_timeout: Duration,
}

impl Download {
    /// Fetches the whole file, then gives it its name.
    ///
    /// # Errors
    /// The host cannot be reached, refuses, or stops sending; what came so far is kept.
    pub(crate) fn fetch(&self) -> Result<()> {
        let partial = self.partial();
        let (mut idle, mut reached, mut most) = (0, false, size(&partial));
        loop {
            let why = match self.request_rest(&partial, size(&partial), &mut reached) {
                Ok(true) => break,
                Ok(false) => anyhow!("{} ended the transfer early", self.url),
                Err(error) => error,
            };
            idle = if size(&partial) > most { 0 } else { idle + 1 };
            most = most.max(size(&partial));
            if !reached || why.is::<Refused>() || idle >= MAX_IDLE_REQUESTS {
                return Err(why);
            }
            eprintln!("the transfer broke off ({why:#}): asking for the rest");
            // Long enough for a line that was down to come back.
            thread::sleep(self.stall_timeout / 20);
        }
        fs::rename(&partial, &self.target)
            .with_context(|| format!("cannot name {}", self.target.display()))
    }

    /// Where the bytes lie until the file is whole.
    pub(crate) fn partial(&self) -> PathBuf {
        let mut name = self.target.as_os_str().to_owned();
        name.push(".partial");
        name.into()
    }

    /// One request for the bytes from `start` on; true when the file is whole.
    fn request_rest(&self, partial: &Path, start: u64, reached: &mut bool) -> Result<bool> {
        let mut request = agent(self.stall_timeout).get(&self.url);
        if start > 0 {
            request = request.header(header::RANGE, format!("bytes={start}-"));
        }
        let response = request
            .call()
            .with_context(|| format!("cannot reach {}", self.url))?;
        *reached = true;
        let part = match Answer::of(&response, start)? {
            Answer::Part(part) => part,
            Answer::Whole => return Ok(true),
            Answer::Misfit => {
                fs::remove_file(partial)?;
                return Ok(false);
            }
        };
        let mut file = OpenOptions::new().create(true).append(true).open(partial)?;
        if part.start < start {
            file.set_len(part.start)?;
        }
        self.copy(response.into_body().into_reader(), &mut file, part)?;
        file.sync_all()?;
        Ok(part.total.is_none_or(|total| size(partial) == total))
    }

    fn copy(&self, mut body: impl Read, file: &mut File, part: Part) -> Result<()> {
        let name = self
            .target
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let mut progress = Progress::new(name.as_ref(), part.total);
        let mut buffer = vec![0; 1 << 16];
        let mut done = part.start;
        loop {
            let n = body.read(&mut buffer)?;
            if n == 0 {
                return Ok(());
            }
            file.write_all(&buffer[..n])
                .map_err(|error| Refused(cannot_write(&self.target, &error)))?;
            done += n as u64;
            progress.set(done);
        }
    }
}

/// An answer that asking again does not change.
#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// Which bytes an answer brings.
#[derive(Debug, Clone, Copy)]
struct Part {
    start: u64,
    total: Option<u64>,
}

/// What the host says to a request.
#[derive(Debug)]
enum Answer {
    Part(Part),
    /// Nothing is left to fetch.
    Whole,
    /// More is here than the host has: begin anew.
    Misfit,
}

impl Answer {
    fn of(response: &Response<ureq::Body>, asked: u64) -> Result<Self> {
        let headers = response.headers();
        match (response.status(), content_range(headers)) {
            // The host has no ranges: it sends the file from its start.
            (StatusCode::OK, _) => Ok(Self::Part(Part {
                start: 0,
                total: length(headers),
            })),
            (StatusCode::PARTIAL_CONTENT, Some((Some(start), total))) if start == asked => {
                Ok(Self::Part(Part { start, total }))
            }
            (StatusCode::PARTIAL_CONTENT, _) => {
                bail!(Refused(
                    "the answer brings another range than asked for".into()
                ))
            }
            (StatusCode::RANGE_NOT_SATISFIABLE, Some((_, Some(total)))) if total == asked => {
                Ok(Self::Whole)
            }
            (StatusCode::RANGE_NOT_SATISFIABLE, _) => Ok(Self::Misfit),
            (other, _) => bail!(Refused(format!("the host answered {other}"))),
        }
    }
}

fn agent(stall_timeout: Duration) -> Agent {
    let tls = ureq::tls::TlsConfig::builder()
        .root_certs(ureq::tls::RootCerts::PlatformVerifier)
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .timeout_resolve(Some(CONNECT_TIMEOUT))
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(stall_timeout))
        .timeout_per_read(Some(stall_timeout))
        .build()
        .new_agent()
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// First byte and total of `bytes 5-9/10`, `bytes */10` or `bytes 5-9/*`.
fn content_range(headers: &HeaderMap) -> Option<(Option<u64>, Option<u64>)> {
    let text = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let start = range
        .split_once('-')
        .and_then(|(first, _)| first.parse().ok());
    Some((start, total.parse().ok()))
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}
