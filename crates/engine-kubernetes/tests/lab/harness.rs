//! The driver on the lab, as the service account that deploy/kubernetes makes, and the hands of the conformance suite.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule, Role};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use pitlane_api::{NodeId, Scheduling, WorkloadState};
use pitlane_engine::{
    Engine, EngineNode,
    conformance::{Harness, Placed},
};
use pitlane_engine_kubernetes::{Access, KubernetesEngine, Settings};
use serde_json::json;

use crate::{
    control::Lab,
    objects::{self, decision, name},
    proxy::Proxy,
    wait::{PATIENCE, until},
};

/// As in earnest, but quicker to notice.
pub const SETTINGS: Settings = Settings { bound: Duration::from_secs(10), ask_every: Duration::from_secs(1), watch_for: Duration::from_secs(3) };

/// A right: the namespace it is given in (`None`: everywhere), and the rule.
#[derive(Clone, Debug)]
pub struct Right {
    pub namespace: Option<&'static str>,
    pub rule: PolicyRule,
}

/// A driver of its own, with an account of its own and a way of its own to the API server.
pub struct Driven<'lab> {
    pub lab: &'lab Lab,
    pub admin: Client,
    pub proxy: Proxy,
    account: String,
    engine: Mutex<Arc<KubernetesEngine>>,
    kubeconfig: PathBuf,
}

/// What deploy/kubernetes grants, as it stands in the cluster.
pub async fn deployed(admin: &Client) -> Vec<Right> {
    let everywhere: Api<ClusterRole> = Api::all(admin.clone());
    let rules = everywhere.get("pitlane").await.expect("deployed").rules.unwrap_or_default();
    let mut rights: Vec<Right> = rules.into_iter().map(|rule| Right { namespace: None, rule }).collect();
    for (namespace, role) in [("kube-node-lease", "pitlane-heartbeats"), ("default", "pitlane-events")] {
        let roles: Api<Role> = Api::namespaced(admin.clone(), namespace);
        let rules = roles.get(role).await.expect("deployed").rules.unwrap_or_default();
        rights.extend(rules.into_iter().map(|rule| Right { namespace: Some(namespace), rule }));
    }
    rights
}

impl<'lab> Driven<'lab> {
    pub async fn start(lab: &'lab Lab) -> Self {
        Self::start_with(lab, SETTINGS).await
    }

    pub async fn start_with(lab: &'lab Lab, settings: Settings) -> Self {
        let admin = lab.admin().await;
        let account = name("driver");
        let proxy = Proxy::to(lab.port()).await;
        lab.kubectl(&["create", "serviceaccount", &account, "-n", "pitlane"]).expect("an account");
        grant(lab, &account, &deployed(&admin).await);
        let token = lab.kubectl(&["create", "token", &account, "-n", "pitlane"]).expect("a token");
        let ca = lab.path("ca.crt");
        let kubeconfig = lab.path(&format!("{account}.kubeconfig"));
        let text = format!(
            "apiVersion: v1\nkind: Config\nclusters: [{{name: lab, cluster: {{server: \"https://127.0.0.1:{}\", certificate-authority: \"{}\"}}}}]\nusers: [{{name: it, user: {{token: {token}}}}}]\ncontexts: [{{name: lab, context: {{cluster: lab, user: it}}}}]\ncurrent-context: lab\n",
            proxy.port,
            ca.display()
        );
        std::fs::write(&kubeconfig, text).expect("a kubeconfig");
        let access = Access::Kubeconfig { path: Some(kubeconfig.clone()), context: Some("lab".into()) };
        let engine = Mutex::new(Arc::new(KubernetesEngine::start(access, settings)));
        let driven = Self { lab, admin, proxy, account, engine, kubeconfig };
        until("the driver lists nodes", || async { driven.engine().nodes().await.ok() }).await;
        driven
    }

    /// What the account may do from now on.
    pub fn grant(&self, rights: &[Right]) {
        grant(self.lab, &self.account, rights);
    }

    /// A node, once the driver has heard of it: as the driver shows it.
    pub async fn node(&self) -> EngineNode {
        let name = name("node");
        objects::node(self.lab, &self.admin, &name).await;
        self.shown(&name).await
    }

    /// A node by its name, as the driver lists it once it is ready there.
    pub async fn shown(&self, name: &str) -> EngineNode {
        until("the driver lists the node", || async {
            let nodes = self.engine().nodes().await.ok()?;
            nodes.into_iter().find(|node| node.name == name && node.report.reachable == Some(true) && node.report.last_heartbeat_at.is_some())
        })
        .await
    }

    pub async fn name_of(&self, id: &str) -> Result<String, String> {
        self.engine().node(id).await.map(|node| node.name).map_err(|error| error.to_string())
    }

    pub fn kubernetes(&self) -> Arc<KubernetesEngine> {
        Arc::clone(&self.engine.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A pod on the node, once it runs there.
    async fn run(&self, id: &str, what: &str, spec: serde_json::Value) -> Result<String, String> {
        let node = self.name_of(id).await?;
        let pod = name(what);
        let mut spec = spec;
        spec["nodeSelector"] = json!({"kubernetes.io/hostname": node});
        objects::pod(&self.admin, &pod, json!({}), spec).await;
        decision(&self.admin, &pod).await?;
        // Until the driver shows it as running, or may not read pods: what is compared later shall not move by itself.
        let (engine, id) = (self.engine(), id.to_owned());
        until("the pod runs", || async {
            let list = engine.workloads(&id, &NodeId::from("n")).await.ok()?;
            let runs = list.workloads.iter().any(|workload| workload.name == pod && workload.state == WorkloadState::Running);
            (runs || !list.complete).then_some(())
        })
        .await;
        Ok(pod)
    }
}

fn grant(lab: &Lab, account: &str, rights: &[Right]) {
    let mut documents = Vec::new();
    for namespace in [None, Some("kube-node-lease"), Some("default")] {
        let rules: Vec<&PolicyRule> = rights.iter().filter(|right| right.namespace == namespace).map(|right| &right.rule).collect();
        let kind = if namespace.is_none() { "ClusterRole" } else { "Role" };
        let api = "rbac.authorization.k8s.io/v1";
        let metadata = json!({"name": account, "namespace": namespace});
        documents.push(json!({"apiVersion": api, "kind": kind, "metadata": metadata, "rules": rules}));
        documents.push(json!({"apiVersion": api, "kind": format!("{kind}Binding"), "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": account},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": "pitlane"}]}));
    }
    let file = lab.path(&format!("{account}.rights.json"));
    std::fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": documents}).to_string()).expect("written");
    lab.kubectl(&["apply", "-f", &file.to_string_lossy()]).expect("the rights are granted");
}

#[async_trait]
impl Harness for Driven<'_> {
    fn engine(&self) -> Arc<dyn Engine> {
        self.kubernetes()
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn add_node(&self) -> Result<String, String> {
        Ok(self.node().await.engine_node_id)
    }

    async fn run_stateful(&self, node: &str) -> Result<String, String> {
        let claim = name("claim");
        objects::local_claim(&self.admin, &claim, &self.name_of(node).await?).await;
        let volumes = json!([{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]);
        let containers = json!([{"name": "main", "image": "busybox", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]);
        self.run(node, "stateful", json!({"volumes": volumes, "containers": containers})).await
    }

    async fn run_stateless(&self, node: &str) -> Result<String, String> {
        self.run(node, "stateless", json!({})).await
    }

    async fn hide_workloads(&self, _: &str) -> Result<bool, String> {
        let mut rights = deployed(&self.admin).await;
        rights.retain(|right| !right.rule.resources.iter().flatten().any(|resource| resource == "pods"));
        self.grant(&rights);
        Ok(true)
    }

    async fn set_scheduling_outside(&self, node: &str, scheduling: Scheduling) -> Result<(), String> {
        let verb = if scheduling == Scheduling::Maintenance { "cordon" } else { "uncordon" };
        self.lab.kubectl(&[verb, &self.name_of(node).await?]).map(drop)
    }

    async fn label_outside(&self, node: &str, key: &str, value: &str) -> Result<(), String> {
        self.lab.kubectl(&["label", "node", &self.name_of(node).await?, &format!("{key}={value}")]).map(drop)
    }

    async fn try_to_place_on(&self, node: &str) -> Result<Placed, String> {
        let node = self.name_of(node).await?;
        let pod = name("asks");
        objects::pod(&self.admin, &pod, json!({}), json!({"nodeSelector": {"kubernetes.io/hostname": node}})).await;
        let placed = match decision(&self.admin, &pod).await {
            Ok(there) if there == node => Placed::There,
            Ok(elsewhere) => Placed::NotThere(format!("on {elsewhere}")),
            Err(why) => Placed::NotThere(why),
        };
        objects::remove_pod(&self.admin, &pod).await;
        Ok(placed)
    }

    async fn disconnect(&self) -> Result<(), String> {
        self.proxy.cut();
        // A list is what the watch has shown, and the watch needs a moment to notice.
        until("the driver notices", || async { self.engine().nodes().await.err() }).await;
        Ok(())
    }

    async fn reconnect(&self) -> Result<(), String> {
        self.proxy.mend();
        Ok(())
    }

    async fn restart_driver(&self) -> Result<(), String> {
        let access = Access::Kubeconfig { path: Some(self.kubeconfig.clone()), context: None };
        *self.engine.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(KubernetesEngine::start(access, SETTINGS));
        Ok(())
    }
}

/// Writes to a node as some other controller does.
pub async fn patch_node(admin: &Client, node: &str, body: serde_json::Value) {
    let nodes: Api<k8s_openapi::api::core::v1::Node> = Api::all(admin.clone());
    nodes.patch(node, &PatchParams::default(), &Patch::Merge(&body)).await.expect("the node is patched");
}
