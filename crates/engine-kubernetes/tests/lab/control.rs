//! The control plane as a process of this test: started, told what to do, and gone when the test is.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
    time::Instant,
};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};

use crate::kubelets::Kubelets;

/// A control plane of its own.
pub struct Lab {
    folder: PathBuf,
    child: Child,
    io: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
    pub kubelets: Kubelets,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the crate is in a checkout")
}

impl Lab {
    /// The one that most tests share; each works on nodes of its own. It ends with this process.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Lab> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// One for a test that stops the API server or forgets etcd's history.
    pub fn start() -> Self {
        let started = Instant::now();
        let mut child = Command::new(root().join("tests/labs/kubernetes/lab.sh"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/labs/kubernetes/lab.sh can be run");
        let stdin = child.stdin.take().expect("its standard input is ours");
        let mut stdout = BufReader::new(child.stdout.take().expect("its standard output is ours"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("the lab says something");
        let Some(folder) = line.trim().strip_prefix("ready ").map(PathBuf::from) else {
            panic!("the Kubernetes lab did not start; it says why above. It said: {line:?}")
        };
        eprintln!("MEASURED the Kubernetes lab is up after {:.1} s", started.elapsed().as_secs_f64());
        let kubelets = Kubelets::start(folder.join("admin.kubeconfig"));
        let lab = Self { folder, child, io: Mutex::new(Some((stdin, stdout))), kubelets };
        // As a cluster gets Pitlane: with kubectl and the manifests of deploy/.
        lab.kubectl(&["apply", "-k", &root().join("deploy/kubernetes").to_string_lossy()]).expect("the manifests are accepted");
        lab
    }

    /// An order to lab.sh, and its "done".
    pub fn order(&self, command: &str) {
        let mut io = self.io.lock().unwrap_or_else(PoisonError::into_inner);
        let (stdin, stdout) = io.as_mut().expect("the lab is up");
        writeln!(stdin, "{command}").expect("the lab takes orders");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("the lab answers");
        assert_eq!(line.trim(), format!("done {command}"));
    }

    /// A file in the lab's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A client that may do everything, for the runtime this is called in.
    pub async fn admin(&self) -> Client {
        client(&self.path("admin.kubeconfig")).await
    }

    /// The real kubectl, as somebody who may do everything.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        let out = Command::new(self.path("kubectl")).args(arguments).output().map_err(|error| error.to_string())?;
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if out.status.success() { Ok(words(&out.stdout)) } else { Err(format!("kubectl {}: {}", arguments.join(" "), words(&out.stderr))) }
    }

    /// Where the API server listens.
    pub fn port(&self) -> u16 {
        let text = std::fs::read_to_string(self.path("admin.kubeconfig")).expect("the lab wrote it");
        let (_, rest) = text.split_once("https://127.0.0.1:").expect("it names the address");
        rest.split('"').next().and_then(|port| port.parse().ok()).expect("with a port")
    }
}

/// A client of a kubeconfig.
pub async fn client(kubeconfig: &Path) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kubeconfig = Kubeconfig::read_from(kubeconfig).expect("the lab wrote a kubeconfig");
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.expect("that can be used");
    Client::try_from(config).expect("a client")
}

impl Drop for Lab {
    fn drop(&mut self) {
        // The end of its standard input is its order to take everything down.
        drop(self.io.lock().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.child.wait());
    }
}
