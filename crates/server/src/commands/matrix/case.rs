//! Which takes there are: subjects, circumstances and challenges, each with its seeds.

use zhenren_domain::challenge::ChallengeKind;
use zhenren_simulator::cast::{SEEDS, somebody_else};
use zhenren_simulator::condition::Condition;
use zhenren_simulator::take::{Cast, SubjectKind};

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) challenge: ChallengeKind,
    pub(super) species: SubjectKind,
    pub(super) condition: Condition,
}

/// One take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) cell: Cell,
    pub(super) cast: Cast,
}

/// What was asked for on the command line; an empty list means all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'a> {
    pub(super) challenges: &'a [ChallengeKind],
    pub(super) species: &'a [SubjectKind],
    pub(super) conditions: &'a [Condition],
    pub(super) count: u32,
    pub(super) seed: u64,
}

/// Every take, one of each cell before the second of any: what is stopped early is balanced.
pub(super) fn cases(choice: &Choice<'_>) -> Vec<Case> {
    let cells = cells(choice);
    (0..u64::from(choice.count))
        .flat_map(|index| {
            cells.iter().map(move |cell| Case {
                cell: *cell,
                cast: cast(choice.seed.wrapping_add(index)),
            })
        })
        .collect()
}

/// Honest subjects meet every circumstance, the others only the usual ones.
fn cells(choice: &Choice<'_>) -> Vec<Cell> {
    let chosen = |all: &[ChallengeKind]| match choice.challenges {
        [] => all.to_vec(),
        some => some.to_vec(),
    };
    let is_wanted = |species: SubjectKind, condition: Condition| {
        (choice.species.is_empty() || choice.species.contains(&species))
            && (choice.conditions.is_empty() || choice.conditions.contains(&condition))
            && (species == SubjectKind::BonaFide || condition == Condition::Usual)
    };
    let mut cells = Vec::new();
    for challenge in chosen(&ChallengeKind::ALL) {
        for species in SubjectKind::ALL {
            for condition in Condition::ALL {
                if is_wanted(species, condition) {
                    cells.push(Cell {
                        challenge,
                        species,
                        condition,
                    });
                }
            }
        }
    }
    cells
}

/// Faces the features model tells apart, in turn.
fn cast(behaviour: u64) -> Cast {
    let count = u64::try_from(SEEDS.len()).unwrap_or(1).max(1);
    let at = usize::try_from(behaviour % count).unwrap_or(0);
    let enrolled = SEEDS.get(at).copied().unwrap_or(SEEDS[0]);
    Cast {
        enrolled,
        other: somebody_else(enrolled),
        behaviour,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_meet_usual_circumstances_and_honest_subjects_all_of_them() {
        let choice = Choice {
            challenges: &[ChallengeKind::ScreenFlash],
            species: &[],
            conditions: &[],
            count: 3,
            seed: 5,
        };
        let all = cases(&choice);
        let each = Condition::ALL.len() + SubjectKind::ALL.len() - 1;
        assert_eq!(all.len(), 3 * each);
        let behaviours: Vec<u64> = all.iter().step_by(each).map(|c| c.cast.behaviour).collect();
        assert_eq!(behaviours, [5, 6, 7]);
        assert!(all.iter().all(|case| case.cast.enrolled != case.cast.other));
    }
}
