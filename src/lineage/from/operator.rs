//! Join operators: their words, and whose values they may replace by NULL.

use sqlparser::ast::{JoinConstraint, JoinOperator};

use crate::lineage::shape::Scope;

/// Notes the relations whose values an outer join may replace by NULL.
pub(super) fn note_nullable(join: &str, first_new: usize, scope: &mut Scope<'_>) {
    let (before, new) = match join {
        "left join" | "outer apply" | "left array join" | "asof join" => (false, true),
        "right join" => (true, false),
        "full join" => (true, true),
        _ => return,
    };
    for (index, relation) in scope.relations.iter_mut().enumerate() {
        relation.is_nullable |= if index < first_new { before } else { new };
    }
}

/// A join's word in normalised text, and its constraint. INNER is what JOIN means, OUTER adds nothing.
pub(super) fn join_parts(operator: &JoinOperator) -> (&'static str, Option<&JoinConstraint>) {
    match operator {
        JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) | JoinOperator::StraightJoin(constraint) => {
            ("join", Some(constraint))
        }
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => ("left join", Some(constraint)),
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => ("right join", Some(constraint)),
        JoinOperator::FullOuter(constraint) => ("full join", Some(constraint)),
        JoinOperator::CrossJoin(constraint) => ("cross join", Some(constraint)),
        JoinOperator::Semi(constraint) | JoinOperator::LeftSemi(constraint) => ("semi join", Some(constraint)),
        JoinOperator::RightSemi(constraint) => ("right semi join", Some(constraint)),
        JoinOperator::Anti(constraint) | JoinOperator::LeftAnti(constraint) => ("anti join", Some(constraint)),
        JoinOperator::RightAnti(constraint) => ("right anti join", Some(constraint)),
        JoinOperator::AsOf { constraint, .. } => ("asof join", Some(constraint)),
        JoinOperator::CrossApply => ("cross apply", None),
        JoinOperator::OuterApply => ("outer apply", None),
        JoinOperator::ArrayJoin | JoinOperator::InnerArrayJoin => ("array join", None),
        JoinOperator::LeftArrayJoin => ("left array join", None),
    }
}
