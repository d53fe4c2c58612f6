// The service's stores of one database, together: what both kinds of Store hand out beside jobs and rows.
#pragma once

#include "adapters/sql_aggregates.h"
#include "adapters/sql_audit.h"
#include "adapters/sql_deliveries.h"
#include "adapters/sql_events.h"
#include "adapters/sql_group_copies.h"
#include "adapters/sql_keys.h"
#include "adapters/sql_queue.h"
#include "adapters/sql_retention.h"
#include "adapters/sql_schedules.h"
#include "adapters/sql_statistics.h"
#include "adapters/sql_uploads.h"

namespace sluice {

struct SqlService {
  SqlService(SqlDatabase& database, SqlSignals& signals)
      : aggregates(database),
        group_copies(database),
        events(database, signals),
        keys(database),
        audit(database),
        schedules(database),
        uploads(database),
        deliveries(database),
        statistics(database),
        retention(database),
        queue(database, signals) {}

  SqlAggregateStore aggregates;
  SqlGroupCopies group_copies;
  SqlEventLog events;
  SqlKeyStore keys;
  SqlAuditLog audit;
  SqlScheduleStore schedules;
  SqlUploadStore uploads;
  SqlDeliveryStore deliveries;
  SqlJobStatistics statistics;
  SqlRetentionStore retention;
  SqlJobQueue queue;
};

}  // namespace sluice
