//! A small HTTP host that can be told to misbehave.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How the host treats its clients.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Behaviour {
    /// Answers this status and no content.
    pub(crate) status: Option<&'static str>,
    /// Sends the whole file whatever range is asked for.
    pub(crate) no_ranges: bool,
    /// Closes the first connection after so many bytes.
    pub(crate) cut_first_after: Option<usize>,
    /// Falls silent after so many bytes of every answer.
    pub(crate) stall_after: Option<usize>,
}

/// Serves one file at `url` until the test ends.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) url: String,
    ranges: Arc<Mutex<Vec<Option<usize>>>>,
}

impl Host {
    pub(crate) fn start(data: Vec<u8>, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/archive", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&ranges);
        let data: Arc<[u8]> = data.into();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (data, seen) = (Arc::clone(&data), Arc::clone(&seen));
                thread::spawn(move || serve(stream, &data, behaviour, &seen));
            }
        });
        Self { url, ranges }
    }

    /// The first byte of each range asked for, in order; `None` for a plain request.
    pub(crate) fn ranges(&self) -> Vec<Option<usize>> {
        self.ranges.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    data: &[u8],
    behaviour: Behaviour,
    seen: &Mutex<Vec<Option<usize>>>,
) {
    let range = asked_range(&stream);
    let is_first = {
        let mut seen = seen.lock().unwrap();
        seen.push(range);
        seen.len() == 1
    };
    let start = range.filter(|_| !behaviour.no_ranges);
    let (head, body) = answer(data, start, behaviour.status);
    let cut = behaviour.cut_first_after.filter(|_| is_first);
    let sent = cut
        .or(behaviour.stall_after)
        .map_or(body, |n| &body[..n.min(body.len())]);
    // The client may have gone away: that is its right.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(sent));
    if behaviour.stall_after.is_some() && sent.len() < body.len() {
        thread::sleep(Duration::from_secs(3));
    }
}

fn asked_range(stream: &TcpStream) -> Option<usize> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let header: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let range = header.iter().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("range: bytes=")
            .map(ToOwned::to_owned)
    })?;
    range.trim_end_matches('-').parse().ok()
}

fn answer<'a>(data: &'a [u8], start: Option<usize>, status: Option<&str>) -> (String, &'a [u8]) {
    let total = data.len();
    let head = |status: &str, length: usize, extra: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{extra}\r\n")
    };
    match (status, start) {
        (Some(status), _) => (head(status, 0, ""), &[]),
        (None, None) => (head("200 OK", total, ""), data),
        (None, Some(start)) if start >= total => {
            let extra = format!("Content-Range: bytes */{total}\r\n");
            (head("416 Range Not Satisfiable", 0, &extra), &[])
        }
        (None, Some(start)) => {
            let extra = format!("Content-Range: bytes {start}-{}/{total}\r\n", total - 1);
            (
                head("206 Partial Content", total - start, &extra),
                &data[start..],
            )
        }
    }
}
