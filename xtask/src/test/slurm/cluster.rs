//! A Slurm of two nodes on this machine: Debian's programs as plain processes on loopback, their
//! sockets and folders in a temporary one, each ended by its own process id.

use anyhow::{Context, Result, bail};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What must be installed, and the Debian package that brings it.
const PROGRAMS: [(&str, &str); 6] = [
    ("munged", "munge"),
    ("slurmctld", "slurmctld"),
    ("slurmd", "slurmd"),
    ("sbatch", "slurm-client"),
    ("squeue", "slurm-client"),
    ("scontrol", "slurm-client"),
];
/// Where system daemons lie beside `PATH`.
const SYSTEM: &str = "/usr/sbin";

/// The running cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    dir: PathBuf,
    daemons: Vec<(String, Child)>,
    /// Removed last.
    _folder: tempfile::TempDir,
}

/// The packages that lack here, for the message.
pub(super) fn missing_packages() -> Vec<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path)
        .chain([SYSTEM.into()])
        .collect();
    let is_missing = |name: &str| !folders.iter().any(|folder| folder.join(name).is_file());
    let lacking = PROGRAMS.iter().filter(|(name, _)| is_missing(name));
    let mut packages: Vec<_> = lacking.map(|(_, package)| *package).collect();
    packages.dedup();
    packages
}

impl Cluster {
    /// Starts munged, slurmctld and two slurmd, and waits until both nodes are idle.
    pub(super) fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("aesc-slurm-").tempdir()?;
        let dir = folder.path().to_owned();
        for part in ["munge", "state", "log"] {
            fs::create_dir(dir.join(part))?;
        }
        let mut cluster = Self {
            dir,
            daemons: Vec::new(),
            _folder: folder,
        };
        cluster.write_configuration()?;
        cluster.start_munge()?;
        cluster.start_controller()?;
        for node in ["n1", "n2"] {
            cluster.start_node(node)?;
        }
        cluster.wait("both nodes idle", Duration::from_mins(1), |cluster| {
            let nodes = cluster.ask("sinfo", &["--noheader", "--Node", "--format", "%T"])?;
            Ok(nodes.lines().filter(|line| line.trim() == "idle").count() == 2)
        })?;
        Ok(cluster)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    fn configuration(&self) -> PathBuf {
        self.dir.join("slurm.conf")
    }

    fn write_configuration(&self) -> Result<()> {
        let [ctld, n1, n2] = free_ports()?;
        let host = fs::read_to_string("/proc/sys/kernel/hostname")?;
        let host = host.trim().split('.').next().unwrap_or("localhost");
        let user = rustix::process::getuid().as_raw();
        let dir = self.dir.display();
        let text = format!(
            "ClusterName=aesc\n\
             SlurmctldHost={host}(127.0.0.1)\n\
             SlurmctldPort={ctld}\n\
             SlurmUser={user}\n\
             SlurmdUser={user}\n\
             AuthType=auth/munge\n\
             CredType=cred/munge\n\
             AuthInfo=socket={dir}/munge/socket\n\
             StateSaveLocation={dir}/state\n\
             SlurmdSpoolDir={dir}/spool-%n\n\
             SlurmctldPidFile={dir}/slurmctld.pid\n\
             SlurmdPidFile={dir}/%n.pid\n\
             ProctrackType=proctrack/linuxproc\n\
             TaskPlugin=task/none\n\
             SelectType=select/cons_tres\n\
             SelectTypeParameters=CR_Core\n\
             ReturnToService=2\n\
             MpiDefault=none\n\
             SwitchType=switch/none\n\
             AccountingStorageType=accounting_storage/none\n\
             JobAcctGatherType=jobacct_gather/none\n\
             SlurmdTimeout=10\n\
             KillWait=5\n\
             NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={n1} CPUs=2 RealMemory=1000\n\
             NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={n2} CPUs=2 RealMemory=1000\n\
             PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP\n"
        );
        fs::write(self.configuration(), text).context("cannot write slurm.conf")
    }

    fn start_munge(&mut self) -> Result<()> {
        let dir = self.dir.join("munge");
        let mut key = vec![0; 128];
        fs::File::open("/dev/urandom")
            .and_then(|mut random| std::io::Read::read_exact(&mut random, &mut key))?;
        write_private(&dir.join("key"), &key)?;
        let mut munged = command("munged");
        munged.args(["--foreground", "--force"]);
        for (option, file) in [
            ("--key-file", "key"),
            ("--socket", "socket"),
            ("--pid-file", "pid"),
            ("--log-file", "log"),
            ("--seed-file", "seed"),
        ] {
            munged.arg(format!("{option}={}", dir.join(file).display()));
        }
        self.start_daemon("munged", munged)?;
        self.wait("munge's socket", Duration::from_secs(20), |cluster| {
            Ok(cluster.dir.join("munge/socket").exists())
        })
    }

    /// Starts the controller, anew or again with the state it left.
    pub(super) fn start_controller(&mut self) -> Result<()> {
        let mut slurmctld = command("slurmctld");
        slurmctld.arg("-D");
        self.start_daemon("slurmctld", slurmctld)?;
        self.wait("the controller", Duration::from_secs(30), |cluster| {
            Ok(cluster
                .ask("scontrol", &["ping"])
                .is_ok_and(|said| said.contains("is UP")))
        })
    }

    pub(super) fn start_node(&mut self, name: &str) -> Result<()> {
        let mut slurmd = command("slurmd");
        slurmd.args(["-D", "-N", name]);
        self.start_daemon(name, slurmd)
    }

    fn start_daemon(&mut self, name: &str, mut command: Command) -> Result<()> {
        let log = self.dir.join(format!("log/{name}.txt"));
        let log = fs::File::options().create(true).append(true).open(log)?;
        let child = command
            .env("SLURM_CONF", self.configuration())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        self.daemons.push((name.to_owned(), child));
        Ok(())
    }

    /// Ends a daemon as a crash would.
    pub(super) fn kill(&mut self, name: &str) -> Result<()> {
        let at = self.daemons.iter().position(|(other, _)| other == name);
        let (_, mut child) = self.daemons.remove(at.context("no such daemon")?);
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// What a command of Slurm prints.
    pub(super) fn ask(&self, program: &str, args: &[&str]) -> Result<String> {
        let mut command = command(program);
        command.args(args).env("SLURM_CONF", self.configuration());
        let output = command.output().with_context(|| program.to_owned())?;
        if !output.status.success() {
            bail!(
                "{program} {args:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Makes a command see this cluster.
    pub(super) fn reach<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("SLURM_CONF", self.configuration())
    }

    /// Looks every half second until something holds.
    pub(super) fn wait(
        &self,
        what: &str,
        patience: Duration,
        mut holds: impl FnMut(&Self) -> Result<bool>,
    ) -> Result<()> {
        let start = Instant::now();
        while !holds(self)? {
            if start.elapsed() > patience {
                bail!(
                    "{what}: not within {} s\n{}",
                    patience.as_secs(),
                    self.logs()
                );
            }
            thread::sleep(Duration::from_millis(500));
        }
        Ok(())
    }

    /// The ends of the daemons' logs.
    fn logs(&self) -> String {
        let queue = self.ask("squeue", &[]).unwrap_or_default();
        let end = |name: &str| {
            let log = fs::read_to_string(self.dir.join(format!("log/{name}.txt")));
            let log = log.unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let lines = lines[lines.len().saturating_sub(15)..].join("\n");
            format!("== {name}\n{lines}\n")
        };
        let ends = self.daemons.iter().map(|(name, _)| end(name));
        [queue].into_iter().chain(ends).collect()
    }
}

impl Drop for Cluster {
    /// The nodes first, so that the controller hears of it; munge last.
    fn drop(&mut self) {
        drop(self.ask(
            "scancel",
            &["--state=PENDING,RUNNING,SUSPENDED", "--partition=main"],
        ));
        thread::sleep(Duration::from_secs(1));
        for (_, child) in self.daemons.iter_mut().rev() {
            end(child);
        }
    }
}

/// SIGTERM, and SIGKILL after five seconds.
fn end(child: &mut Child) {
    let pid = i32::try_from(child.id()).ok();
    if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
        let _gone = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    for _ in 0..50 {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    drop(child.kill());
    drop(child.wait());
}

fn command(program: &str) -> Command {
    let system = Path::new(SYSTEM).join(program);
    Command::new(if system.is_file() {
        system
    } else {
        program.into()
    })
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o400))?;
    Ok(())
}

/// Ports that nobody listens on just now.
fn free_ports() -> Result<[u16; 3]> {
    let listen = || TcpListener::bind("127.0.0.1:0");
    let listeners = [listen()?, listen()?, listen()?];
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}
