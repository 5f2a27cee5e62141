//! The states of assets by name, and forks of them, which can be changed while others look at the same states.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lineage::catalog::State;
use crate::lineage::model::AssetName;

type States = BTreeMap<AssetName, State>;

/// The states of one catalog.
#[derive(Debug, Default)]
pub(super) struct Assets {
    states: Arc<States>,
    /// In a fork what differs from `states`; `None` is an asset that is gone.
    changed: Option<BTreeMap<AssetName, Option<State>>>,
}

impl Assets {
    /// The same states, to be changed without a change of these. Cheap as long as it lives shorter than the next change.
    pub fn fork(&self) -> Self {
        Self { states: Arc::clone(&self.states), changed: Some(self.changed.clone().unwrap_or_default()) }
    }

    pub fn get(&self, name: &AssetName) -> Option<&State> {
        match self.changed.as_ref().and_then(|changed| changed.get(name)) {
            Some(state) => state.as_ref(),
            None => self.states.get(name),
        }
    }

    pub fn entry(&mut self, name: &AssetName, make: impl FnOnce() -> State) -> &mut State {
        match &mut self.changed {
            None => Arc::make_mut(&mut self.states).entry(name.clone()).or_insert_with(make),
            Some(changed) => {
                let state = changed.entry(name.clone()).or_insert_with(|| self.states.get(name).cloned());
                state.get_or_insert_with(make)
            }
        }
    }

    pub fn insert(&mut self, name: AssetName, state: State) {
        match &mut self.changed {
            None => drop(Arc::make_mut(&mut self.states).insert(name, state)),
            Some(changed) => drop(changed.insert(name, Some(state))),
        }
    }

    pub fn remove(&mut self, name: &AssetName) -> Option<State> {
        match &mut self.changed {
            None => Arc::make_mut(&mut self.states).remove(name),
            Some(changed) => {
                let own = changed.insert(name.clone(), None);
                own.unwrap_or_else(|| self.states.get(name).cloned())
            }
        }
    }

    pub fn into_states(self) -> States {
        let mut states = Arc::unwrap_or_clone(self.states);
        for (name, state) in self.changed.into_iter().flatten() {
            match state {
                Some(state) => drop(states.insert(name, state)),
                None => drop(states.remove(&name)),
            }
        }
        states
    }
}
