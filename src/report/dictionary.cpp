#include "report/dictionary.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace goldpan::report {
namespace {

constexpr TableInfo kTables[] = {
    {"learning_curves.csv",
     "Accuracy and losses on the test set by strategy and budget, over seeds.",
     "strategy,budget,labels,seeds,accuracy_mean,accuracy_std,accuracy_min,accuracy_max,balanced_"
     "accuracy_mean,balanced_accuracy_std,macro_f1_mean,macro_f1_std,nll_mean,nll_std"},
    {"rounds.csv", "What each round of each strategy at each seed found on the test set.",
     "strategy,seed,round,budget,labels,accuracy,balanced_accuracy,macro_f1,nll,temperature,ece_"
     "before,ece_after"},
    {"metrics.csv", "Every metric of every round as a row, but for what the clock said.",
     "strategy,seed,round,budget,labels,slice,class,metric,value"},
    {"budget_gains.csv",
     "Each strategy against random at the same budget, paired over seeds and test items.",
     "strategy,budget,gain_mean,gain_std,ci_low,ci_high,p_value,seeds,verdict,p_holm,p_wilcoxon,"
     "seeds_needed,std_error,std_error_items,degrees,ci_all_low,ci_all_high,labels"},
    {"budget_bands.csv",
     "Each strategy against random over few labels (below 5 % of the pool), low (up to 10 "
     "%), middle (up to 50 %) and high budgets.",
     "band,budgets,strategy,gain_mean,gain_std,ci_low,ci_high,p_value,seeds,verdict,p_holm,p_"
     "wilcoxon,seeds_needed,std_error,std_error_items,degrees,ci_all_low,ci_all_high"},
    {"area_under_curve.csv",
     "The mean accuracy over all budgets, and each strategy's against random's.",
     "strategy,area_log_mean,area_log_std,area_linear_mean,area_linear_std,gain_mean,gain_std,ci_"
     "low,ci_high,p_value,seeds,verdict,p_holm,p_wilcoxon,seeds_needed,std_error,std_error_items,"
     "degrees,ci_all_low,ci_all_high"},
    {"pairwise_wins.csv", "How often one strategy is shown to beat another.",
     "winner,loser,wins,budgets,penalty"},
    {"labels_to_match.csv",
     "Labels that a strategy needs for a share of the accuracy with all labels, and what it saves.",
     "strategy,target,target_accuracy,labels,budget,at_most,labels_low,labels_high,labels_saved,"
     "labels_saved_over_random,money_saved,money_saved_over_random,saved_share,saved_share_low,"
     "saved_share_high,p_value,p_holm,seeds,verdict"},
    {"class_counts.csv", "Labels bought and recall by class.",
     "strategy,seed,round,budget,class,labels,share,pool_share,recall"},
    {"batches.csv", "What each batch was like and why its items were bought.",
     "strategy,seed,round,budget,batch,redundancy,redundancy_labeled,drift,cold_start,reserve,"
     "class_floor,by_strategy,notes"},
    {"batch_summary.csv", "The same over seeds.",
     "strategy,budget,labels,seeds,redundancy_mean,redundancy_std,redundancy_labeled_mean,"
     "redundancy_labeled_std,drift_mean,drift_std,imbalance_mean,imbalance_std,classes_without_"
     "labels_max"},
    {"calibration.csv", "Temperature and calibration error over seeds.",
     "strategy,budget,labels,seeds,temperature_mean,temperature_std,ece_before_mean,ece_before_std,"
     "ece_after_mean,ece_after_std"},
    {"reliability.csv", "The bins of the reliability diagrams.",
     "strategy,seed,round,budget,stage,bin,count,confidence,accuracy"},
    {"timings.csv", "What the clock said of each round; differs from run to run.",
     "strategy,seed,round,budget,labels,train_seconds,score_seconds,select_seconds"},
    {"slice_gains.csv",
     "Of a run that mined for a slice (`--mine`): each strategy on the slice and on the whole, "
     "against random and against distance mining; a budget of `mean` is the mean over all at which "
     "the two differ.",
     "slice,part,strategy,against,budget,labels,slice_labels,headline,gain_mean,gain_std,ci_low,"
     "ci_high,p_value,seeds,verdict,p_holm,seeds_needed,std_error,std_error_items"},
    {"timings_at_scale.csv", "Seconds of one seed's whole run, and the scaling law's projection.",
     "strategy,seeds,train_seconds,score_seconds,select_seconds,seconds,pool_power,seconds_10x,"
     "seconds_100x,seconds_10x_same_labels,seconds_100x_same_labels"},
};

// "CURRENCY" stands for the one in which money is counted.
constexpr ColumnInfo kColumns[] = {
    {"strategy", "", "The strategy's name, as given to `--strategies`."},
    {"seed", "", "The seed of the round."},
    {"round", "count", "The round's number, from 0."},
    {"budget", "fraction of the pool", "The share of the pool that is labelled by then."},
    {"labels", "count",
     "Labels bought by then (by class in class_counts.csv); in labels_to_match.csv the labels "
     "needed."},
    {"seeds", "count", "Seeds that the row is over."},
    {"accuracy_mean", "fraction", "Share of test items predicted right, mean over seeds."},
    {"accuracy_std", "fraction", "Its standard deviation over seeds (n - 1)."},
    {"accuracy_min", "fraction", "Its least over seeds."},
    {"accuracy_max", "fraction", "Its most over seeds."},
    {"balanced_accuracy_mean", "fraction",
     "Mean recall over the classes of the test set, mean over seeds."},
    {"balanced_accuracy_std", "fraction", "Its standard deviation over seeds."},
    {"macro_f1_mean", "fraction", "Mean F1 over the classes of the test set, mean over seeds."},
    {"macro_f1_std", "fraction", "Its standard deviation over seeds."},
    {"nll_mean", "nats",
     "Mean negative log-likelihood of the true class after calibration, mean over seeds."},
    {"nll_std", "nats", "Its standard deviation over seeds."},
    {"accuracy", "fraction",
     "Share of test items (of the bin, in reliability.csv) predicted right."},
    {"balanced_accuracy", "fraction", "Mean recall over the classes of the test set."},
    {"macro_f1", "fraction", "Mean F1 over the classes of the test set."},
    {"nll", "nats", "Mean negative log-likelihood of the true class after calibration."},
    {"temperature", "ratio",
     "The temperature fitted on bought labels: above 1 the model was too sure."},
    {"ece_before", "fraction",
     "Expected calibration error before temperature scaling (15 bins of equal mass)."},
    {"ece_after", "fraction", "Expected calibration error after it."},
    {"slice", "", "The part of the test set: `all`, or a named slice."},
    {"class", "", "The class, by name; in metrics.csv `all` for a metric of all classes."},
    {"metric", "",
     "The metric's name; shares are fractions, `nll` is in nats, `cost` in the task's units."},
    {"value", "the metric's", "Its value; empty where there is none."},
    {"gain_mean", "percentage points",
     "Accuracy minus random's at the same seed, mean over seeds."},
    {"gain_std", "percentage points",
     "Standard deviation of these differences over seeds (n - 1)."},
    {"ci_low", "percentage points",
     "Lower end of the 95 % interval of the gain, uncorrected: seeds and test items are both in "
     "it."},
    {"ci_high", "percentage points", "Upper end of it."},
    {"p_value", "probability",
     "Two-sided p-value of the difference, uncorrected, by the crossed test over seeds and test "
     "items."},
    {"verdict", "",
     "`better` or `worse` (`fewer` or `more` labels) where p_holm is below 0.05; `not shown with N "
     "seeds`; `equal` results; `same labels` at the whole pool; `not tested`."},
    {"p_holm", "probability",
     "p_value corrected by Holm's method over the strategies of the same comparison."},
    {"p_wilcoxon", "probability",
     "Wilcoxon's signed-rank test over seeds alone (exact), for comparison."},
    {"seeds_needed", "count",
     "Seeds for power 0.8 at the effect and spread seen; empty if no number up to 10,000 is "
     "enough."},
    {"std_error", "percentage points",
     "Standard error of the gain: of seeds and test items together."},
    {"std_error_items", "percentage points",
     "The part of it that the test set has by itself: no number of seeds takes it away. Empty "
     "where the journal holds no results of single test items."},
    {"degrees", "count", "Degrees of freedom of the standard error (Satterthwaite)."},
    {"ci_all_low", "percentage points",
     "Lower end of a 95 % interval that holds for all strategies of the comparison at once, so "
     "that the best may be chosen by it (Bonferroni)."},
    {"ci_all_high", "percentage points", "Upper end of it."},
    {"band", "", "`few`, `low`, `middle` or `high` budgets."},
    {"budgets", "fractions, or count",
     "The band's budgets; in pairwise_wins.csv the number of budgets at which both could be "
     "compared."},
    {"area_log_mean", "fraction",
     "Mean accuracy over the logarithm of the budget, mean over seeds."},
    {"area_log_std", "fraction", "Its standard deviation over seeds."},
    {"area_linear_mean", "fraction", "Mean accuracy over the budget itself, mean over seeds."},
    {"area_linear_std", "fraction", "Its standard deviation over seeds."},
    {"winner", "", "The strategy that wins."},
    {"loser", "", "The strategy that loses."},
    {"wins", "count",
     "Budgets at which the winner is shown to be better (Holm: over the pairs with random, or over "
     "all other pairs, at the budget)."},
    {"penalty", "fraction", "wins / budgets."},
    {"target", "fraction", "The share of the full accuracy that is to be matched."},
    {"target_accuracy", "fraction", "The accuracy that this is."},
    {"at_most", "", "`yes` where the first budget was enough already: fewer labels may do."},
    {"labels_low", "count", "The fewest labels over the seeds' own curves."},
    {"labels_high", "count", "The most over them."},
    {"labels_saved", "count", "Labels of the whole pool minus `labels`: what random saves too."},
    {"labels_saved_over_random", "count", "Random's labels at the same target minus `labels`."},
    {"money_saved", "CURRENCY", "labels_saved times the price of a label."},
    {"money_saved_over_random", "CURRENCY", "labels_saved_over_random times the price of a label."},
    {"saved_share", "fraction", "1 - labels / random's labels."},
    {"saved_share_low", "fraction",
     "Lower end of its 95 % interval, which holds for all strategies at the target at once."},
    {"saved_share_high", "fraction", "Upper end of it."},
    {"share", "fraction", "The class's share of the labels bought."},
    {"pool_share", "fraction", "The class's share of the pool."},
    {"recall", "fraction", "Share of the class's test items predicted right."},
    {"batch", "count", "Items bought in the round."},
    {"redundancy", "fraction", "Share of the batch with a near twin in the same batch."},
    {"redundancy_labeled", "fraction",
     "Share of the batch with a near twin among the labels bought before."},
    {"drift", "distance",
     "How far the labelled set lies from the unlabelled pool (maximum mean discrepancy)."},
    {"cold_start", "count", "Items of the first batch, bought without a model."},
    {"reserve", "count", "Items drawn at random as the reserve."},
    {"class_floor", "count", "Items bought for classes that starved."},
    {"by_strategy", "count", "Items that the strategy itself chose."},
    {"notes", "", "What the strategy or a guard had to say."},
    {"redundancy_mean", "fraction", "Share of the batch with a near twin in it, mean over seeds."},
    {"redundancy_std", "fraction", "Its standard deviation over seeds."},
    {"redundancy_labeled_mean", "fraction",
     "Share with a near twin among earlier labels, mean over seeds."},
    {"redundancy_labeled_std", "fraction", "Its standard deviation over seeds."},
    {"drift_mean", "distance", "drift, mean over seeds."},
    {"drift_std", "distance", "Its standard deviation over seeds."},
    {"imbalance_mean", "fraction",
     "Half the sum over classes of |share of labels - share of pool|, mean over seeds."},
    {"imbalance_std", "fraction", "Its standard deviation over seeds."},
    {"classes_without_labels_max", "count",
     "Classes of the pool without any label: the most over seeds."},
    {"part", "", "`slice`, judged on the slice's test items, or `whole`, on all of them."},
    {"against", "", "The strategy that the gain is over."},
    {"slice_labels", "count", "Labels bought that are of the slice, mean over seeds."},
    {"headline", "fraction", "The task's main metric (accuracy, mAP) there, mean over seeds."},
    {"temperature_mean", "ratio", "temperature, mean over seeds."},
    {"temperature_std", "ratio", "Its standard deviation over seeds."},
    {"ece_before_mean", "fraction", "ece_before, mean over seeds."},
    {"ece_before_std", "fraction", "Its standard deviation over seeds."},
    {"ece_after_mean", "fraction", "ece_after, mean over seeds."},
    {"ece_after_std", "fraction", "Its standard deviation over seeds."},
    {"stage", "", "`before` or `after` temperature scaling."},
    {"bin", "count", "The bin's number, by rising confidence."},
    {"count", "count", "Predictions in the bin."},
    {"confidence", "probability", "Their mean confidence."},
    {"train_seconds", "seconds", "Training."},
    {"score_seconds", "seconds", "Signals that the strategy asked for."},
    {"select_seconds", "seconds", "The strategy's own time."},
    {"seconds", "seconds", "All three together."},
    {"pool_power", "exponent", "The power of the pool's size with which selection grows."},
    {"seconds_10x", "seconds", "At 10 times the pool, budgets staying shares of it."},
    {"seconds_100x", "seconds", "At 100 times the pool."},
    {"seconds_10x_same_labels", "seconds",
     "At 10 times the pool, buying the same number of labels."},
    {"seconds_100x_same_labels", "seconds",
     "At 100 times the pool, buying the same number of labels."},
};

}  // namespace

std::span<const TableInfo> table_infos() { return kTables; }
std::span<const ColumnInfo> column_infos() { return kColumns; }

std::string header_of(std::string_view file, const TaskInfo& task) {
  std::string over_seeds, of_round;
  for (const ShownMetric& shown : task.others) {
    over_seeds += fmt::format(",{0}_mean,{0}_std", shown.column);
    of_round += fmt::format(",{}", shown.column);
  }
  if (file == "learning_curves.csv") {
    return fmt::format("strategy,budget,labels,seeds,{0}_mean,{0}_std,{0}_min,{0}_max{1}",
                       task.headline.column, over_seeds);
  }
  if (file == "rounds.csv") {
    return fmt::format("strategy,seed,round,budget,labels,{}{}{}", task.headline.column, of_round,
                       task.has_calibration ? ",temperature,ece_before,ece_after" : "");
  }
  if (file == "class_counts.csv") {
    return fmt::format("strategy,seed,round,budget,class,labels,share,pool_share,{}",
                       task.by_class.column);
  }
  return std::string(std::ranges::find(kTables, file, &TableInfo::file)->columns);
}

namespace {

struct Column {
  std::string unit, meaning;
};

/// What a column says in the report of a task.
Column column_of(std::string_view name, const TaskInfo& task) {
  std::vector<ShownMetric> shown(task.others.begin(), task.others.end());
  shown.push_back(task.headline);
  shown.push_back(task.by_class);
  const auto known = std::ranges::find(kColumns, name, &ColumnInfo::name);
  if (known == std::end(kColumns) || task.name != "classification") {
    for (const ShownMetric& metric : shown) {
      const std::string of(metric.column);
      const std::string unit(metric.unit), meaning(metric.meaning);
      if (name == of) return {unit, meaning + "."};
      if (name == of + "_mean") return {unit, meaning + ", mean over seeds."};
      if (name == of + "_std") return {unit, "Its standard deviation over seeds."};
      if (name == of + "_min") return {unit, "Its least over seeds."};
      if (name == of + "_max") return {unit, "Its most over seeds."};
    }
  }
  Column column{std::string(known->unit), std::string(known->meaning)};
  return column;
}

/// A sentence about the headline, which the tables' texts call accuracy.
std::string of_task(std::string text, const TaskInfo& task) {
  if (task.name == "classification") return text;
  for (const std::string_view word : {"Accuracy", "accuracy"}) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
      text.replace(at, word.size(), task.headline.label);
      at += task.headline.label.size();
    }
  }
  return text;
}

}  // namespace

std::string data_dictionary(std::string_view currency, const TaskInfo& task) {
  std::string text =
      "# Tables of this report\n\nComma-separated values with a header line, in UTF-8 with LF line "
      "ends; numbers have a point, what is not known is empty. Written with the report, from the "
      "same "
      "definitions as the tables' headers.\n";
  for (const TableInfo& table : kTables) {
    text += fmt::format("\n## {}\n\n{}\n\n| column | unit | meaning |\n|---|---|---|\n", table.file,
                        of_task(std::string(table.about), task));
    const std::string header = header_of(table.file, task);
    std::string_view rest = header;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const std::string_view name = rest.substr(0, end);
      const Column column = column_of(name, task);
      text += fmt::format("| {} | {} | {} |\n", name,
                          column.unit == "CURRENCY" ? currency : column.unit,
                          of_task(column.meaning, task));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return text;
}

}  // namespace goldpan::report
