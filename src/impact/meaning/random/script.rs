//! Random scripts: three tables alike, and views that read them and each other.

/// Choices out of given bytes; the first of everything once they are spent, so that fewer bytes make a smaller script.
pub struct Draw<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Draw<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        usize::from(byte) % end.max(1)
    }

    /// Whether something happens that happens once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times
    }

    pub fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }
}

/// The columns of every table.
pub const COLUMNS: [&str; 5] = ["k", "g", "a", "b", "c"];
/// How many tables there are.
pub const TABLES: usize = 3;

/// Views, each of which may read those before it; view `n` is called `vn`.
#[derive(Debug, Clone)]
pub struct Script {
    pub views: Vec<View>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    View,
    /// CREATE TABLE AS.
    Table,
    /// A table, and an INSERT into it.
    Insert,
}

#[derive(Debug, Clone)]
pub struct View {
    pub kind: Kind,
    pub query: Query,
}

#[derive(Debug, Clone)]
pub struct Query {
    /// By their numbers.
    pub ctes: Vec<(usize, Query)>,
    pub first: Select,
    /// Whether all rows are kept, and the other branch.
    pub union: Option<(bool, Select)>,
    pub limit: Option<u32>,
}

#[derive(Debug, Clone)]
pub struct Select {
    pub distinct: bool,
    /// Without items `*`, of the only source.
    pub items: Vec<(Expr, String)>,
    pub from: Vec<Source>,
    pub filter: Option<Expr>,
    pub grouped: bool,
}

#[derive(Debug, Clone)]
pub enum Relation {
    Table(usize),
    View(usize),
    Cte(usize),
    Derived(Box<Query>),
}

#[derive(Debug, Clone)]
pub struct Source {
    pub relation: Relation,
    /// A number that nothing else in the script has.
    pub alias: usize,
    pub columns: Vec<String>,
    pub join: Join,
}

#[derive(Debug, Clone)]
pub enum Join {
    First,
    Cross,
    /// Of a kind, by the column `k`.
    Using(&'static str),
    On(&'static str, Expr),
}

#[derive(Debug, Clone)]
pub enum Expr {
    Column(usize, String),
    Number(u32),
    CountAll,
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Call(&'static str, Vec<Expr>),
    /// Condition, value and other value.
    Case(Box<[Expr; 3]>),
    /// A function over a partition in an order.
    Window(&'static str, Box<[Expr; 3]>),
    Exists(Box<Query>),
    In(Box<Expr>, Box<Query>),
}

impl Query {
    /// What its columns are called.
    pub fn columns(&self) -> Vec<String> {
        match self.first.items.as_slice() {
            [] => self.first.from[0].columns.clone(),
            items => items.iter().map(|(_, name)| name.clone()).collect(),
        }
    }
}

impl Query {
    /// The branches.
    pub fn selects(&self) -> impl Iterator<Item = &Select> {
        std::iter::once(&self.first).chain(self.union.as_ref().map(|(_, select)| select))
    }

    /// Goes through the query and all within it.
    pub fn visit<'q>(&'q self, visit: &mut dyn FnMut(&'q Self)) {
        visit(self);
        self.ctes.iter().for_each(|(_, query)| query.visit(visit));
        for select in self.selects() {
            for source in &select.from {
                if let Relation::Derived(query) = &source.relation {
                    query.visit(visit);
                }
            }
            // Subqueries stand nowhere else.
            if let Some(Expr::Exists(query) | Expr::In(_, query)) = &select.filter {
                query.visit(visit);
            }
        }
    }

    /// Whether it or something within it is DISTINCT.
    pub fn is_distinct_somewhere(&self) -> bool {
        let mut is = false;
        self.visit(&mut |query| is |= query.selects().any(|select| select.distinct));
        is
    }

    /// Whether it reads a CTE of that number.
    pub fn reads_cte(&self, number: usize) -> bool {
        let mut reads = false;
        self.visit(&mut |query| {
            let sources = query.selects().flat_map(|select| &select.from);
            reads |=
                sources.into_iter().any(|source| matches!(source.relation, Relation::Cte(other) if other == number));
        });
        reads
    }
}

impl Select {
    pub fn is_star(&self) -> bool {
        self.items.is_empty()
    }
}

impl Script {
    pub fn drawn(draw: &mut Draw<'_>) -> Self {
        let mut maker = Maker { draw, views: Vec::new(), ctes: Vec::new(), next: 0 };
        let mut script = Self { views: Vec::new() };
        for _ in 0..1 + maker.draw.below(4) {
            let kind = *maker.draw.pick(&[Kind::View, Kind::Table, Kind::View, Kind::Insert]);
            let query = maker.query(0);
            maker.views.push(query.columns());
            script.views.push(View { kind, query });
        }
        script
    }
}

struct Maker<'d, 'b> {
    draw: &'d mut Draw<'b>,
    /// The columns of the views so far.
    views: Vec<Vec<String>>,
    /// The CTEs in sight with their columns.
    ctes: Vec<(usize, Vec<String>)>,
    next: usize,
}

/// What may be named, and how deep it is.
type Scope = Vec<(usize, Vec<String>)>;

const OPERATORS: [&str; 4] = ["+", "-", "*", "||"];
const COMPARISONS: [&str; 4] = ["=", "<", ">=", "<>"];
const KINDS: [&str; 4] = ["LEFT JOIN", "JOIN", "RIGHT JOIN", "FULL JOIN"];

impl Maker<'_, '_> {
    fn number(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn query(&mut self, depth: usize) -> Query {
        let mut ctes = Vec::new();
        if depth == 0 {
            for _ in 0..self.draw.below(4) {
                let query = self.query(1);
                let number = self.number();
                self.ctes.push((number, query.columns()));
                ctes.push((number, query));
            }
        }
        let first = self.select(depth, &Vec::new());
        let union = self.draw.once_in(5).then(|| {
            let all = self.draw.below(2) == 0;
            (all, self.branch(&first, depth))
        });
        let limit = self.draw.once_in(8).then(|| 10 + u32::try_from(self.draw.below(9)).expect("small"));
        if depth == 0 {
            self.ctes.clear();
        }
        Query { ctes, first, union, limit }
    }

    /// A second branch with as many columns.
    fn branch(&mut self, first: &Select, depth: usize) -> Select {
        let from = self.from(depth, 1);
        let scope = scope_of(&from);
        let names: Vec<String> = match first.items.as_slice() {
            [] => first.from[0].columns.clone(),
            items => items.iter().map(|(_, name)| name.clone()).collect(),
        };
        let items = names.into_iter().map(|name| (self.value(&scope, 2), name)).collect();
        Select { distinct: false, items, from, filter: None, grouped: false }
    }

    /// Sources, of which the first is the last CTE, so that this is read.
    fn from(&mut self, depth: usize, most: usize) -> Vec<Source> {
        let count = 1 + if most > 1 { self.draw.below(most) } else { 0 };
        let mut from: Vec<Source> = Vec::new();
        for index in 0..count {
            let (relation, columns) = self.relation(index, depth);
            let alias = self.number();
            let (left, right) = (scope_of(&from), vec![(alias, columns.clone())]);
            let has_key =
                |scope: &Scope| scope.iter().filter(|(_, names)| names.iter().any(|name| name == "k")).count();
            let join = if index == 0 {
                Join::First
            } else {
                let kind = *self.draw.pick(&KINDS);
                match self.draw.below(4) {
                    3 => Join::Cross,
                    2 if has_key(&left) == 1 && has_key(&right) == 1 => Join::Using(kind),
                    _ => {
                        let (one, other) = (self.column(&left), self.column(&right));
                        Join::On(kind, Expr::Binary("=", Box::new(one), Box::new(other)))
                    }
                }
            };
            from.push(Source { relation, alias, columns, join });
        }
        from
    }

    fn relation(&mut self, index: usize, depth: usize) -> (Relation, Vec<String>) {
        if let (0, Some((number, columns))) = (index, self.ctes.last())
            && (depth == 0 || self.draw.below(2) == 1)
        {
            return (Relation::Cte(*number), columns.clone());
        }
        if depth < 2 && self.draw.once_in(7) {
            let query = self.query(2);
            let columns = query.columns();
            return (Relation::Derived(Box::new(query)), columns);
        }
        let of_views = self.views.len();
        match self.draw.below(TABLES + of_views + self.ctes.len()) {
            table if table < TABLES => (Relation::Table(table), COLUMNS.map(str::to_owned).to_vec()),
            view if view < TABLES + of_views => (Relation::View(view - TABLES), self.views[view - TABLES].clone()),
            cte => {
                let (number, columns) = self.ctes[cte - TABLES - of_views].clone();
                (Relation::Cte(number), columns)
            }
        }
    }

    fn select(&mut self, depth: usize, outer: &Scope) -> Select {
        let from = self.from(depth, if depth < 2 { 3 } else { 2 });
        let inner = scope_of(&from);
        let mut scope = inner.clone();
        scope.extend(outer.iter().cloned());
        let filter = self.draw.once_in(3).then(|| self.condition(&scope, depth));
        let distinct = self.draw.once_in(8);
        if from.len() == 1 && self.draw.once_in(4) {
            return Select { distinct, items: Vec::new(), from, filter, grouped: false };
        }
        let grouped = self.draw.once_in(4);
        let mut items = Vec::new();
        for index in 0..1 + self.draw.below(4) {
            let name = if index == 0 && self.draw.below(2) == 0 { "k".to_owned() } else { format!("x{index}") };
            let value = match (grouped, index) {
                (true, 0) => self.column(&inner),
                (true, _) => self.aggregate(&inner),
                _ if self.draw.once_in(7) => self.window(&inner),
                _ => self.value(&inner, 3),
            };
            items.push((value, name));
        }
        Select { distinct, items, from, filter, grouped }
    }

    fn column(&mut self, scope: &Scope) -> Expr {
        let (alias, columns) = self.draw.pick(scope).clone();
        Expr::Column(alias, self.draw.pick(&columns).clone())
    }

    fn value(&mut self, scope: &Scope, depth: usize) -> Expr {
        match self.draw.below(if depth == 0 { 1 } else { 8 }) {
            4 => Expr::Number(1 + u32::try_from(self.draw.below(90)).expect("small")),
            5 => {
                let operator = *self.draw.pick(&OPERATORS);
                Expr::Binary(operator, Box::new(self.value(scope, depth - 1)), Box::new(self.value(scope, depth - 1)))
            }
            6 => Expr::Call("COALESCE", vec![self.value(scope, depth - 1), self.value(scope, depth - 1)]),
            7 => {
                let condition = self.comparison(scope);
                Expr::Case(Box::new([condition, self.value(scope, depth - 1), self.value(scope, depth - 1)]))
            }
            _ => self.column(scope),
        }
    }

    fn comparison(&mut self, scope: &Scope) -> Expr {
        let operator = *self.draw.pick(&COMPARISONS);
        Expr::Binary(operator, Box::new(self.column(scope)), Box::new(self.value(scope, 1)))
    }

    fn condition(&mut self, scope: &Scope, depth: usize) -> Expr {
        match self.draw.below(if depth < 2 { 6 } else { 4 }) {
            2 => Expr::Binary("AND", Box::new(self.comparison(scope)), Box::new(self.comparison(scope))),
            3 => Expr::Binary("OR", Box::new(self.comparison(scope)), Box::new(self.comparison(scope))),
            4 => Expr::Exists(Box::new(self.subquery(scope))),
            5 => Expr::In(Box::new(self.column(scope)), Box::new(self.subquery(&Vec::new()))),
            _ => self.comparison(scope),
        }
    }

    /// A query of one column, which may name what is outside of it.
    fn subquery(&mut self, outer: &Scope) -> Query {
        let mut first = self.select(2, outer);
        if first.is_star() {
            first.items = vec![(self.column(&scope_of(&first.from)), "y".to_owned())];
        }
        first.items.truncate(1);
        Query { ctes: Vec::new(), first, union: None, limit: None }
    }

    fn aggregate(&mut self, scope: &Scope) -> Expr {
        let function = *self.draw.pick(&["SUM", "COUNT", "MAX", ""]);
        if function.is_empty() { Expr::CountAll } else { Expr::Call(function, vec![self.value(scope, 1)]) }
    }

    fn window(&mut self, scope: &Scope) -> Expr {
        let function = *self.draw.pick(&["SUM", "LAG", "FIRST_VALUE"]);
        Expr::Window(function, Box::new([self.value(scope, 1), self.column(scope), self.column(scope)]))
    }
}

fn scope_of(from: &[Source]) -> Scope {
    from.iter().map(|source| (source.alias, source.columns.clone())).collect()
}
