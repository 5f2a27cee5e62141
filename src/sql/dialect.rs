//! SQL dialects: their names, their parser, their `platform` word in the ingest API, and how they fold identifiers.

pub mod rule;

use std::fmt;
use std::str::FromStr;

use sqlparser::dialect as parser;

/// A SQL dialect that the tool reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// No dialect in particular: the widest grammar.
    Generic,
    /// PostgreSQL and those that speak its SQL (Greenplum, Materialize, CockroachDB).
    Postgres,
    /// Amazon Redshift.
    Redshift,
    /// Snowflake.
    Snowflake,
    /// Google BigQuery (GoogleSQL).
    BigQuery,
    /// Databricks SQL.
    Databricks,
    /// Apache Spark SQL.
    Spark,
    /// Apache Hive.
    Hive,
    /// DuckDB.
    DuckDb,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
    /// SQL Server, Azure Synapse, Fabric.
    Tsql,
    /// Oracle.
    Oracle,
    /// Trino, Presto, Athena: read with the generic grammar, the nearest that the parser has.
    Trino,
    /// ClickHouse.
    ClickHouse,
    /// Teradata.
    Teradata,
}

/// A text that names no dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown dialect {name:?}; known: {}", known_names())]
pub struct UnknownDialect {
    /// The refused text.
    pub name: String,
}

fn known_names() -> String {
    Dialect::ALL.map(Dialect::name).join(", ")
}

/// How unquoted identifiers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// Unquoted folds to lower case, quoted is kept (PostgreSQL).
    Lower,
    /// Unquoted folds to upper case, quoted is kept (Snowflake, Oracle). Shown in lower case; see `sql::ident`.
    Upper,
    /// Case never matters, quoted or not.
    Insensitive,
    /// Case always matters (ClickHouse).
    Sensitive,
}

impl Dialect {
    /// Every dialect, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::Generic,
        Self::Postgres,
        Self::Redshift,
        Self::Snowflake,
        Self::BigQuery,
        Self::Databricks,
        Self::Spark,
        Self::Hive,
        Self::DuckDb,
        Self::MySql,
        Self::Sqlite,
        Self::Tsql,
        Self::Oracle,
        Self::Trino,
        Self::ClickHouse,
        Self::Teradata,
    ];

    /// The dialect's name on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Postgres => "postgres",
            Self::Redshift => "redshift",
            Self::Snowflake => "snowflake",
            Self::BigQuery => "bigquery",
            Self::Databricks => "databricks",
            Self::Spark => "spark",
            Self::Hive => "hive",
            Self::DuckDb => "duckdb",
            Self::MySql => "mysql",
            Self::Sqlite => "sqlite",
            Self::Tsql => "tsql",
            Self::Oracle => "oracle",
            Self::Trino => "trino",
            Self::ClickHouse => "clickhouse",
            Self::Teradata => "teradata",
        }
    }

    /// The `platform` value of the ingest API for this dialect; `None` for [`Dialect::Generic`], where the API guesses.
    /// Documented values are snowflake, postgres, bigquery and redshift; the others follow the same naming.
    #[must_use]
    pub fn platform(self) -> Option<&'static str> {
        match self {
            Self::Generic => None,
            Self::Tsql => Some("mssql"),
            other => Some(other.name()),
        }
    }

    /// The parser's grammar for this dialect.
    #[must_use]
    pub fn grammar(self) -> Box<dyn parser::Dialect> {
        match self {
            Self::Generic | Self::Trino => Box::new(parser::GenericDialect {}),
            Self::Postgres => Box::new(parser::PostgreSqlDialect {}),
            Self::Redshift => Box::new(parser::RedshiftSqlDialect {}),
            Self::Snowflake => Box::new(parser::SnowflakeDialect {}),
            Self::BigQuery => Box::new(parser::BigQueryDialect {}),
            Self::Databricks => Box::new(parser::DatabricksDialect {}),
            Self::Spark => Box::new(parser::SparkSqlDialect {}),
            Self::Hive => Box::new(parser::HiveDialect {}),
            Self::DuckDb => Box::new(parser::DuckDbDialect {}),
            Self::MySql => Box::new(parser::MySqlDialect {}),
            Self::Sqlite => Box::new(parser::SQLiteDialect {}),
            Self::Tsql => Box::new(parser::MsSqlDialect {}),
            Self::Oracle => Box::new(parser::OracleDialect {}),
            Self::ClickHouse => Box::new(parser::ClickHouseDialect {}),
            Self::Teradata => Box::new(parser::TeradataDialect {}),
        }
    }

    /// How this dialect compares identifiers of columns and tables.
    #[must_use]
    pub fn folding(self) -> Folding {
        match self {
            Self::Postgres => Folding::Lower,
            Self::Snowflake | Self::Oracle => Folding::Upper,
            Self::ClickHouse => Folding::Sensitive,
            _ => Folding::Insensitive,
        }
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `SQL Server`, `sql-server` and `sql_server` are one word.
        let name: String =
            text.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.name() == name)
            .or_else(|| ALIASES.iter().find(|(aliases, _)| aliases.contains(&&*name)).map(|(_, dialect)| *dialect))
            .ok_or_else(|| UnknownDialect { name: text.trim().to_owned() })
    }
}

/// Other names of engines, without hyphens and underscores. Those that the parser does not know are read with the dialect
/// whose SQL is nearest; docs/dialects.md says which.
const ALIASES: &[(&[&str], Dialect)] = &[
    (&["ansi", "sql", "db2", "exasol", "saphana", "hana", "firebolt", "dremio"], Dialect::Generic),
    (
        &[
            "postgresql",
            "pg",
            "psql",
            "greenplum",
            "materialize",
            "cockroachdb",
            "cockroach",
            "timescale",
            "timescaledb",
            "yugabyte",
            "yugabytedb",
            "alloydb",
            "neon",
            "supabase",
            "citus",
            "edb",
            "risingwave",
            "netezza",
            "vertica",
            "aurorapostgresql",
        ],
        Dialect::Postgres,
    ),
    (&["redshiftserverless"], Dialect::Redshift),
    (&["bq", "googlesql", "zetasql", "spanner"], Dialect::BigQuery),
    (&["databrickssql"], Dialect::Databricks),
    (&["sparksql", "spark2", "spark3", "pyspark", "glue", "fabricspark"], Dialect::Spark),
    (&["hiveql", "impala"], Dialect::Hive),
    (&["motherduck"], Dialect::DuckDb),
    (
        &[
            "mariadb",
            "singlestore",
            "memsql",
            "tidb",
            "percona",
            "vitess",
            "planetscale",
            "starrocks",
            "doris",
            "auroramysql",
        ],
        Dialect::MySql,
    ),
    (&["sqlite3", "libsql", "turso"], Dialect::Sqlite),
    (
        &["mssql", "sqlserver", "synapse", "azuresql", "azuresynapse", "fabric", "transactsql", "sybase", "sapase"],
        Dialect::Tsql,
    ),
    (&["plsql", "oracledb"], Dialect::Oracle),
    (&["presto", "prestodb", "prestosql", "athena", "starburst"], Dialect::Trino),
    (&["clickhousecloud"], Dialect::ClickHouse),
    (&["vantage"], Dialect::Teradata),
];

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_platform_and_alias_leads_to_its_dialect() {
        for dialect in Dialect::ALL {
            assert_eq!(dialect.name().parse(), Ok(dialect));
            if let Some(platform) = dialect.platform() {
                assert_eq!(platform.parse(), Ok(dialect));
            }
        }
        for (alias, dialect) in [
            ("PostgreSQL", Dialect::Postgres),
            ("SQL Server", Dialect::Tsql),
            ("azure_sql", Dialect::Tsql),
            ("spark3", Dialect::Spark),
            ("motherduck", Dialect::DuckDb),
            ("singlestore", Dialect::MySql),
            ("vertica", Dialect::Postgres),
            ("athena", Dialect::Trino),
            ("db2", Dialect::Generic),
        ] {
            assert_eq!(alias.parse(), Ok(dialect), "{alias}");
        }
        assert!("cobol".parse::<Dialect>().is_err_and(|error| error.to_string().contains("clickhouse")));
    }
}
