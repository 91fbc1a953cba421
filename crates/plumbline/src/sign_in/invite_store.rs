//! One-time links: the folder `sign-in/invites` of the data. A file is named by the hash of its link.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::sign_in::record_folder::RecordFolder;
use crate::sign_in::secret::Secret;

/// The purpose of the hash.
const PURPOSE: &str = "invite";

/// A link that signs a person in, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Id of the person.
    pub person: String,
    /// Word of the role. The session has this role alone.
    pub role: String,
    /// Code of the locality, for its lead.
    #[serde(default)]
    pub locality: Option<String>,
    /// The end of its time, milliseconds since 1970.
    pub until: i64,
}

/// The links that are not used up.
#[derive(Clone, Debug)]
pub struct InviteStore {
    folder: RecordFolder,
}

impl InviteStore {
    /// The store in a data folder.
    #[must_use]
    pub fn of(data: &Path) -> InviteStore {
        InviteStore { folder: RecordFolder::at(data.join("sign-in").join("invites")) }
    }

    /// Adds a link.
    ///
    /// # Errors
    /// When the folder cannot be written, or the system has no randomness.
    pub fn add(&self, invite: &Invite) -> io::Result<Secret> {
        let secret = Secret::random().map_err(io::Error::other)?;
        self.folder.write(&secret.hash(PURPOSE), invite)?;
        Ok(secret)
    }

    /// Uses a link up. `None` for one that is unknown, used up or too old. If two browsers use it at once, one gets it.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn redeem(&self, link: &Secret, now: i64) -> io::Result<Option<Invite>> {
        let name = link.hash(PURPOSE);
        let Some(invite) = self.folder.read::<Invite>(&name)? else { return Ok(None) };
        let is_first = self.folder.remove(&name)?;
        Ok(Some(invite).filter(|invite| is_first && now < invite.until))
    }

    /// Removes the links that are too old.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn clean(&self, now: i64) -> io::Result<()> {
        for (name, invite) in self.folder.all::<Invite>()? {
            if invite.until <= now {
                self.folder.remove(&name)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite() -> Invite {
        Invite { person: "gmc|1".to_owned(), role: "self".to_owned(), locality: None, until: 1_000 }
    }

    #[test]
    fn a_link_works_once_until_its_end_and_the_folder_does_not_contain_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = InviteStore::of(dir.path());
        let link = store.add(&invite()).unwrap();
        for entry in std::fs::read_dir(dir.path().join("sign-in/invites")).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(!text.contains(link.text()) && !path.display().to_string().contains(link.text()));
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
            }
        }
        assert_eq!(store.redeem(&link, 999).unwrap(), Some(invite()));
        assert_eq!(store.redeem(&link, 999).unwrap(), None, "a link is used up");
        let late = store.add(&invite()).unwrap();
        assert_eq!(store.redeem(&late, 1_000).unwrap(), None, "its time is over");
        assert_eq!(store.redeem(&Secret::random().unwrap(), 0).unwrap(), None);
        let old = store.add(&invite()).unwrap();
        store.clean(1_000).unwrap();
        assert_eq!(store.redeem(&old, 0).unwrap(), None);
    }

    #[test]
    fn of_many_browsers_at_once_one_gets_the_link() {
        let dir = tempfile::tempdir().unwrap();
        let store = InviteStore::of(dir.path());
        let link = store.add(&invite()).unwrap();
        let redeemed: Vec<bool> = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| store.redeem(&link, 0).unwrap().is_some())).collect();
            tries.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(redeemed.iter().filter(|yes| **yes).count(), 1);
    }
}
