//! Public links: made, listed, revoked, and looked at without signing in.
//!
//! A link is found by the hash of its secret. Whoever holds it is shown what [`rules::shared_status`] lets through and
//! nothing else. When a link ends before its time its open streams are told, by its id.

use std::{collections::HashMap, sync::Arc, sync::Mutex};

use pitlane_api::{
    ActivityKind, MadeShareLink, Node, NodeId, Refusal, Role, ShareLifetime, ShareLink, ShareLinks, ShareRequest, SharedStatus, rules, say,
};
use tokio::sync::broadcast;

use super::{
    Actor, Error, Fleet, Result,
    accept::{about, entry_by},
    lock,
};
use crate::store::{NewActivity, SecretHash, StoredShareLink};

/// Working links a node may have: enough for everybody who waits for it, and a bound for a script that runs wild.
const LINKS_PER_NODE: u32 = 50;

/// What is remembered of links beside the store.
pub(super) struct Links {
    /// Links that end when their node is activated.
    until_activated: Mutex<HashMap<NodeId, Vec<ShareLink>>>,
    /// Ids of links that ended before their time.
    ended: broadcast::Sender<String>,
}

impl Links {
    pub(super) fn new(until_activated: Vec<StoredShareLink>) -> Self {
        let mut by_node: HashMap<NodeId, Vec<ShareLink>> = HashMap::new();
        for stored in until_activated {
            by_node.entry(stored.link.node_id.clone()).or_default().push(stored.link);
        }
        Self { until_activated: Mutex::new(by_node), ended: broadcast::Sender::new(256) }
    }
}

impl Fleet {
    /// Makes a public link; `secret` is what it is found by, and is not kept. `url` is what is handed out.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a lifetime that makes no sense now, [`Refusal::TooManyShareLinks`].
    pub async fn share(&self, id: &NodeId, request: &ShareRequest, secret: &str, url: String, actor: &Actor) -> Result<MadeShareLink> {
        let node = self.node(id)?;
        let now = self.settings.clock.now();
        let expires_at = rules::check_lifetime(request.lifetime, &node, now)?;
        let link = ShareLink {
            id: uuid::Uuid::now_v7().to_string(),
            node_id: id.clone(),
            lifetime: request.lifetime,
            created_by: actor.name.clone(),
            created_at: now,
            expires_at,
        };
        let message = match link.lifetime {
            ShareLifetime::UntilActivated => say!("Made a public link to the node's status, until it is activated."),
            _ => say!("Made a public link to the node's status, until {}.", expires_at),
        };
        let entry = about(entry_by(actor, now, ActivityKind::LinkChanged, message), id, &node.name);
        let stored = StoredShareLink { link: link.clone(), hash: SecretHash::of(secret), ended_at: None };
        let Some(entries) = self.store.create_share_link(&stored, LINKS_PER_NODE, &[entry]).await? else {
            return Err(Refusal::TooManyShareLinks { limit: LINKS_PER_NODE }.into());
        };
        self.announce(entries);
        if link.lifetime == ShareLifetime::UntilActivated {
            lock(&self.links.until_activated).entry(id.clone()).or_default().push(link.clone());
        }
        Ok(MadeShareLink { link, url })
    }

    /// The links of a node that work.
    pub async fn share_links(&self, id: &NodeId) -> Result<ShareLinks> {
        self.node(id)?;
        let now = self.settings.clock.now();
        let links = self.store.share_links(id, now).await?.into_iter().map(|stored| stored.link).collect();
        Ok(ShareLinks { links, server_time: now })
    }

    /// Revokes a link; its open streams end at once. Somebody else's only as an admin.
    pub async fn revoke_share_link(&self, id: &NodeId, link: &str, actor: &Actor) -> Result<()> {
        let now = self.settings.clock.now();
        let found = self.store.share_links(id, now).await?.into_iter().find(|stored| stored.link.id == link);
        let Some(StoredShareLink { link, .. }) = found else {
            return Err(Error::NotFound(say!("This node has no such link, or it has ended.")));
        };
        if link.created_by != actor.name && actor.role < Role::Admin {
            return Err(Error::Forbidden(say!("This link was made by {}. Only they and an admin may revoke it.", &link.created_by)));
        }
        let name = self.node(id).map_or_else(|_| id.to_string(), |node| node.name);
        let message = say!("Revoked the public link that {} had made.", &link.created_by);
        let entry = about(entry_by(actor, now, ActivityKind::LinkChanged, message), id, &name);
        self.end_link(&link, entry).await
    }

    async fn end_link(&self, link: &ShareLink, entry: NewActivity) -> Result<()> {
        if let Some(entries) = self.store.end_share_link(&link.id, self.settings.clock.now(), &[entry]).await? {
            self.announce(entries);
        }
        // Nobody listens: that is no error.
        let _ = self.links.ended.send(link.id.clone());
        let mut waiting = lock(&self.links.until_activated);
        if let Some(links) = waiting.get_mut(&link.node_id) {
            links.retain(|other| other.id != link.id);
            if links.is_empty() {
                waiting.remove(&link.node_id);
            }
        }
        Ok(())
    }

    /// The link that a secret stands for, as long as it works.
    pub async fn shared_link(&self, secret: &SecretHash) -> Result<Option<ShareLink>> {
        Ok(self.store.share_link(secret, self.settings.clock.now()).await?.map(|stored| stored.link))
    }

    /// What a link shows now.
    pub fn shared_status(&self, link: &ShareLink) -> Result<SharedStatus> {
        Ok(rules::shared_status(&self.node(&link.node_id)?, self.settings.clock.now()))
    }

    /// Told the id of every link that ends before its time.
    pub fn ended_links(&self) -> broadcast::Receiver<String> {
        self.links.ended.subscribe()
    }

    /// Called every second: ends the links of nodes that are back.
    pub(super) fn end_served_links(self: &Arc<Self>) {
        let served: Vec<(ShareLink, Arc<Node>)> = {
            let waiting = lock(&self.links.until_activated);
            if waiting.is_empty() {
                return;
            }
            let view = self.view();
            let back = waiting.iter().filter_map(|(id, links)| Some((links, &view.get(id)?.node))).filter(|(_, node)| rules::share_has_served(node));
            back.flat_map(|(links, node)| links.iter().map(|link| (link.clone(), node.clone()))).collect::<Vec<_>>()
        };
        for (link, node) in served {
            let fleet = self.clone();
            self.spawn("fleet.served_links", async move {
                let message = say!("The public link that {} had made has served: the node is back.", &link.created_by);
                let entry = NewActivity::by_system(fleet.settings.clock.now(), ActivityKind::LinkChanged, message);
                if let Err(error) = fleet.end_link(&link, about(entry, &node.id, &node.name)).await {
                    // It is still in the list of those that wait: the next second tries again.
                    tracing::warn!(%error, "a public link that has served could not be ended yet");
                }
            });
        }
    }
}
