#include "label/answer_journal.hpp"

#include <cmath>
#include <limits>
#include <random>

#include <fmt/format.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/sha256.hpp>

#include "session/journal_file.hpp"

namespace goldpan::label {
namespace {

/// application_id: "GoLa". Stable.
const JournalFormat kFormat = {0x476F4C61, 1, "is no labelling session; choose another --session",
                               ""};

/// Columns are read by users' own queries: add, never rename. kind: 0 label, 1 skip, 2 unsure.
constexpr const char* kSchema = R"sql(
CREATE TABLE facts(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE classes(class INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE items(item INTEGER PRIMARY KEY, id TEXT NOT NULL);
CREATE TABLE batches(batch INTEGER PRIMARY KEY, unlabeled_before INTEGER NOT NULL);
CREATE TABLE choices(
  item INTEGER PRIMARY KEY, position INTEGER NOT NULL, batch INTEGER NOT NULL, reason TEXT NOT NULL,
  score REAL, inclusion_probability REAL, overlap INTEGER NOT NULL);
CREATE TABLE answers(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, item INTEGER NOT NULL, kind INTEGER NOT NULL,
  label INTEGER NOT NULL, who TEXT NOT NULL, when_ms INTEGER NOT NULL, note TEXT NOT NULL,
  key TEXT, undoes INTEGER);
CREATE UNIQUE INDEX answers_by_key ON answers(key) WHERE key IS NOT NULL;
CREATE TABLE truth(
  labels INTEGER PRIMARY KEY, reserve REAL, reserve_low REAL, reserve_high REAL,
  reserve_count INTEGER NOT NULL, pool REAL, pool_low REAL, pool_high REAL,
  gain REAL, gain_low REAL, gain_high REAL);
CREATE VIEW answer_list AS
  SELECT sequence, items.id AS id,
         CASE kind WHEN 0 THEN 'label' WHEN 1 THEN 'skip' ELSE 'unsure' END AS kind,
         classes.name AS label, who, when_ms, note,
         EXISTS(SELECT 1 FROM answers u WHERE u.undoes = a.sequence) AS undone
  FROM answers a JOIN items USING(item) LEFT JOIN classes ON classes.class = a.label
  WHERE a.undoes IS NULL;
)sql";

std::string ids_digest(const LabelPool& pool) {
  Sha256 digest;
  for (const std::string& id : pool.ids) digest.update(id).update(std::string_view("\n"));
  return digest.hex();
}

/// A name for the session that no other has, so that a page's unsent answers find their way home.
std::string random_name() {
  std::random_device device;
  std::string name;
  for (int i = 0; i < 4; ++i) name += fmt::format("{:08x}", device());
  return name;
}

void create(Database& database, const LabelPool& pool, std::uint64_t seed) {
  database.execute(kSchema);
  Statement fact(database, "INSERT INTO facts VALUES(?, ?)");
  fact.bind(std::string("ids_sha256")).bind(ids_digest(pool)).run();
  fact.bind(std::string("seed")).bind(std::to_string(seed)).run();
  fact.bind(std::string("session")).bind(random_name()).run();
  Statement add_class(database, "INSERT INTO classes VALUES(?, ?)");
  for (std::size_t c = 0; c < pool.classes.size(); ++c) {
    add_class.bind(static_cast<std::int64_t>(c)).bind(pool.classes[c]).run();
  }
  Statement add_item(database, "INSERT INTO items VALUES(?, ?)");
  for (std::size_t i = 0; i < pool.ids.size(); ++i) {
    add_item.bind(static_cast<std::int64_t>(i)).bind(pool.ids[i]).run();
  }
}

std::string read_fact(const Database& database, const std::string& key) {
  Statement fact(database, "SELECT value FROM facts WHERE key = ?");
  return fact.bind(key).step() ? fact.text(0) : std::string();
}

void verify(const Database& database, const std::filesystem::path& path, const LabelPool& pool) {
  const std::vector<std::string> classes = read_names(database, "classes", "name");
  if (classes != pool.classes) {
    throw Error(path.string(),
                fmt::format("has {} classes that are not the {} given now; a session's classes, "
                            "and their order, stay as they are",
                            classes.size(), pool.classes.size()));
  }
  if (read_fact(database, "ids_sha256") != ids_digest(pool)) {
    throw Error(path.string(), "belongs to another pool: the items' names differ");
  }
}

Statement& bind_or_null(Statement& statement, const std::string& text) {
  // NaN is stored as NULL (see Statement), which is what an absent key is.
  return text.empty() ? statement.bind(std::numeric_limits<double>::quiet_NaN())
                      : statement.bind(text);
}

void bind_estimate(Statement& statement, const std::optional<Estimate>& estimate) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  statement.bind(estimate ? estimate->value : kNone)
      .bind(estimate ? estimate->low : kNone)
      .bind(estimate ? estimate->high : kNone);
}

std::optional<Estimate> read_estimate(const Statement& row, int column) {
  Estimate estimate{row.real(column), row.real(column + 1), row.real(column + 2), 0};
  if (std::isnan(estimate.value)) return std::nullopt;
  return estimate;
}

}  // namespace

AnswerJournal::AnswerJournal(const std::filesystem::path& folder, const LabelPool& pool,
                             std::uint64_t seed)
    : lock_(folder, "answers.lock", "another process has this session open") {
  const std::filesystem::path path = folder / "answers.db";
  database_ = open_journal(
      path, kFormat, [&](Database& database) { create(database, pool, seed); },
      [&](Database& database, int) { verify(database, path, pool); });
  // Sessions from before there were names go by their pool's.
  session_ = read_fact(database_, "session");
  if (session_.empty()) session_ = read_fact(database_, "ids_sha256").substr(0, 32);
}

Database read_answer_journal(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "answers.db";
  if (!std::filesystem::exists(path)) throw Error(path.string(), "no such labelling session");
  Database database(path, Database::Mode::kReadOnly);
  check_format(database, kFormat);
  return database;
}

std::vector<std::string> read_names(const Database& database, const std::string& table,
                                    const std::string& column) {
  std::vector<std::string> names;
  Statement rows(database, "SELECT " + column + " FROM " + table + " ORDER BY rowid");
  while (rows.step()) names.push_back(rows.text(0));
  return names;
}

std::vector<Answer> read_answers(const Database& database) {
  std::vector<Answer> answers;
  Statement rows(database,
                 "SELECT sequence, item, kind, label, who, when_ms, note, key, undoes FROM answers "
                 "ORDER BY sequence");
  while (rows.step()) {
    Answer answer;
    answer.sequence = rows.integer(0);
    answer.item = static_cast<std::size_t>(rows.integer(1));
    answer.kind = static_cast<AnswerKind>(rows.integer(2));
    answer.label = static_cast<std::int32_t>(rows.integer(3));
    answer.who = rows.text(4);
    answer.when_ms = rows.integer(5);
    answer.note = rows.text(6);
    answer.key = rows.text(7);
    answer.undoes = rows.integer(8);
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::vector<Choice> AnswerJournal::choices() const {
  std::vector<Choice> choices;
  Statement rows(database_,
                 "SELECT item, batch, reason, score, inclusion_probability, overlap FROM choices "
                 "ORDER BY batch, position");
  while (rows.step()) {
    choices.push_back({static_cast<std::size_t>(rows.integer(0)),
                       static_cast<std::size_t>(rows.integer(1)), rows.text(2), rows.real(3),
                       rows.real(4), rows.integer(5) != 0});
  }
  return choices;
}

std::vector<BatchFacts> AnswerJournal::batches() const {
  std::vector<BatchFacts> batches;
  Statement rows(database_, "SELECT unlabeled_before FROM batches ORDER BY batch");
  while (rows.step()) batches.push_back({static_cast<std::size_t>(rows.integer(0))});
  return batches;
}

std::vector<Truth> AnswerJournal::curve() const {
  std::vector<Truth> curve;
  Statement rows(database_,
                 "SELECT labels, reserve, reserve_low, reserve_high, pool, pool_low, pool_high, "
                 "gain, gain_low, gain_high, reserve_count FROM truth ORDER BY labels");
  while (rows.step()) {
    Truth truth;
    truth.labels = static_cast<std::size_t>(rows.integer(0));
    truth.reserve = read_estimate(rows, 1);
    truth.pool = read_estimate(rows, 4);
    truth.gain = read_estimate(rows, 7);
    for (auto* estimate : {&truth.reserve, &truth.pool, &truth.gain}) {
      if (*estimate) (*estimate)->from = static_cast<std::size_t>(rows.integer(10));
    }
    curve.push_back(truth);
  }
  return curve;
}

void AnswerJournal::add(std::vector<Answer>& answers, std::span<const Choice> choices,
                        const std::optional<BatchFacts>& batch) {
  Transaction transaction(database_);
  if (batch && !choices.empty()) {
    Statement add_batch(database_, "INSERT INTO batches VALUES(?, ?)");
    add_batch.bind(static_cast<std::int64_t>(choices.front().batch))
        .bind(static_cast<std::int64_t>(batch->unlabeled_before))
        .run();
  }
  Statement add_choice(database_, "INSERT INTO choices VALUES(?, ?, ?, ?, ?, ?, ?)");
  std::int64_t position = 0;
  for (const Choice& choice : choices) {
    add_choice.bind(static_cast<std::int64_t>(choice.item))
        .bind(position++)
        .bind(static_cast<std::int64_t>(choice.batch))
        .bind(choice.reason)
        .bind(choice.score)
        .bind(choice.inclusion_probability)
        .bind(std::int64_t{choice.overlap})
        .run();
  }
  Statement add_answer(database_,
                       "INSERT INTO answers(item, kind, label, who, when_ms, note, key, undoes) "
                       "VALUES(?, ?, ?, ?, ?, ?, ?, ?) RETURNING sequence");
  for (Answer& answer : answers) {
    add_answer.bind(static_cast<std::int64_t>(answer.item))
        .bind(static_cast<std::int64_t>(answer.kind))
        .bind(std::int64_t{answer.label})
        .bind(answer.who)
        .bind(answer.when_ms)
        .bind(answer.note);
    bind_or_null(add_answer, answer.key);
    if (answer.undoes > 0) {
      add_answer.bind(answer.undoes);
    } else {
      bind_or_null(add_answer, "");
    }
    while (add_answer.step()) answer.sequence = add_answer.integer(0);
  }
  transaction.commit();
}

void AnswerJournal::add_truth(const Truth& truth) {
  Transaction transaction(database_);
  Statement insert(database_, "INSERT OR REPLACE INTO truth VALUES(?,?,?,?,?,?,?,?,?,?,?)");
  insert.bind(static_cast<std::int64_t>(truth.labels));
  bind_estimate(insert, truth.reserve);
  insert.bind(static_cast<std::int64_t>(truth.reserve ? truth.reserve->from : 0));
  bind_estimate(insert, truth.pool);
  bind_estimate(insert, truth.gain);
  insert.run();
  transaction.commit();
}

}  // namespace goldpan::label
