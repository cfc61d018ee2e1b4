/* Attempts of a Buildkite build: a job that is retried after the build had finished begins a new one. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/table.h"

#include <criterion/criterion.h>

/* Minute m of 2026-01-01 is 1767225600000 + 60000 m. */
#define AT(m)           "'2026-01-01T00:" m ":00Z'"
#define BUILD(finished) "'created_at':" AT("00") ",'started_at':" AT("02") ",'finished_at':" finished ","
#define RAN(created, started, finished)                                                                      \
	"'type':'script','created_at':" AT(created) ",'runnable_at':" AT(created) ",'started_at':" AT(       \
		started) ",'finished_at':" AT(finished)

Test(attempts, begin_when_a_retry_finds_nothing_running)
{
	static const struct row rows[] = {
		{"never retried",
		 "'state':'passed'," BUILD(AT("09")) "'jobs':[{'id':'a','state':'passed'," RAN("00", "02",
											       "09") "}]",
		 "{'attempt':1,'attempts':[{'attempt':1,'state':'finished','result':'success','started_at':"
		 "1767225720000,"
		 "'finished_at':1767226140000}],'duration_ms':420000,'queue_ms':120000}",
		 0},
		{"no jobs", "'state':'canceled'," BUILD(AT("09")) "'jobs':[]",
		 "{'attempt':1,'attempts':[{'attempt':1,'state':'finished','result':'cancellation','finished_"
		 "at':1767226140000}]}",
		 0},
		{"retried after the build had finished",
		 "'state':'passed'," BUILD(AT("35")) "'jobs':[{'id':'a','state':'failed','retried_in_job_id':"
						     "'b'," RAN("00", "02", "09") "},{'id':'b','state':'"
										  "passed'," RAN("30", "31",
												 "35") "}]",
		 "{'attempt':2,'started_at':1767227460000,'finished_at':1767227700000,'duration_ms':240000,"
		 "'queued_at':1767227400000,'queue_ms':60000,'created_at':1767225600000,"
		 "'attempts':[{'attempt':1,'state':'finished','result':'failure','started_at':1767225720000,"
		 "'finished_at':1767226140000},{'attempt':2,'state':'finished','result':'success',"
		 "'started_at':1767227460000,'finished_at':1767227700000}]}",
		 0},
		{"retried while another job ran",
		 "'state':'passed'," BUILD(
			 AT("20")) "'jobs':[{'id':'a','state':'failed','retried_in_job_id':"
				   "'b'," RAN("00", "02", "05") "},{'id':'c','state':'passed'"
								"," RAN("00", "02", "15") "},{'id':'b','"
											  "state':'passed'"
											  "," RAN("10", "11",
												  "20") "}]",
		 "{'attempt':1,'duration_ms':1080000,'attempts':[{'attempt':1,'finished_at':1767226800000}]}",
		 0},
		{"retried by a rule, at once",
		 "'state':'passed'," BUILD(
			 AT("09")) "'jobs':[{'id':'a','state':'failed','retry_type':'automatic',"
				   "'retried_in_job_id':'b'," RAN(
					   "00", "02", "05") "},{'id':'b',"
							     "'state':'passed'," RAN("05", "06", "09") "}]",
		 "{'attempt':1,'duration_ms':420000}", 0},
		{"retried by a rule, said by the retry",
		 "'state':'passed'," BUILD(
			 AT("09")) "'jobs':[{'id':'a','state':'failed','retried_in_job_id':"
				   "'b'," RAN("00", "02", "05") "},{'id':'b','state':'passed','retry_"
								"source':{'job_id':'a','retry_type':'"
								"automatic'}," RAN("05", "06", "09") "}]",
		 "{'attempt':1}", 0},
	};

	table_run(rows, COUNT(rows));
}

#define FAILED(id, next) "{'id':'" id "','state':'failed','retried_in_job_id':'" next "',"
#define PASSED(id)       "{'id':'" id "','state':'passed',"

/* Whole jobs, and a build of them. */
#define BUILT(state, finished, jobs)                  "'state':'" state "'," BUILD(AT(finished)) "'jobs':[" jobs "]"
#define RETRIED(id, next, created, started, finished) FAILED(id, next) RAN(created, started, finished) "}"
#define JOB(id, state, created, started, finished)                                                           \
	"{'id':'" id "','state':'" state "'," RAN(created, started, finished) "}"

/* After a wait step. */
#define DEPLOY                                                                                               \
	"{'type':'waiter','state':'passed'},{'id':'d','type':'script','state':'passed','created_at':" AT(    \
		"00") ",'runnable_at':" AT("35") ",'started_at':" AT("36") ",'finished_at':" AT("40") "}"

static const struct row waiting[] = {
	{"deploy goes on in the second",
	 BUILT("passed", "40",
	       RETRIED("a", "b", "00", "02", "09") "," DEPLOY "," JOB("b", "passed", "30", "31", "35")),
	 "{'attempt':2,'duration_ms':540000,'attempts':[{'result':'failure','finished_at':1767226140000},"
	 "{'result':'success','started_at':1767227460000,'finished_at':1767228000000}]}",
	 0},
	{"and waits in vain in the first",
	 BUILT("failed", "09",
	       JOB("a", "failed", "00", "02", "09") ",{'id':'d','type':'script','state':'waiting_failed',"
						    "'created_at':" AT("00") "}"),
	 "{'attempt':1,'attempts':[{'result':'failure'}]}", 0},
	{"all failed jobs retried one after the other",
	 BUILT("failed", "50",
	       RETRIED("a", "b", "00", "02", "09") "," RETRIED("c", "d", "00", "02", "08") "," JOB(
		       "b", "failed", "30", "33", "35") "," JOB("d", "passed", "31", "40", "50")),
	 "{'attempt':2,'attempts':[{'result':'failure','finished_at':1767226140000},"
	 "{'result':'failure','started_at':1767227580000,'finished_at':1767228600000}]}",
	 0},
	{"one retried, the other still failed",
	 BUILT("passed", "50",
	       RETRIED("a", "b", "00", "02",
		       "09") ",{'id':'c','state':'timed_out','retried_in_job_id':'d'"
			     "," RAN("00", "02", "08") "}," JOB("b", "passed", "30", "33", "35") "," JOB(
				     "d", "passed", "41", "42", "50")),
	 "{'attempt':3,'attempts':[{'result':'failure'},{'result':'failure','finished_at':1767227700000},"
	 "{'result':'success','started_at':1767228120000}]}",
	 0},
};

Test(attempts, take_along_what_waited_for_the_failed_job)
{
	table_run(waiting, COUNT(waiting));
}

Test(attempts, count_once_however_many_jobs_are_retried)
{
	static const struct row rows[] = {
		{"all at the same moment",
		 "'state':'passed'," BUILD(AT("50")) "'jobs':[" FAILED("a", "b")
			 RAN("00", "02", "09") "}," FAILED("c", "d") RAN("00", "02", "08") "}," PASSED("b")
				 RAN("30", "33", "35") "}," PASSED("d") RAN("30", "40", "50") "}]",
		 "{'attempt':2}", 0},
		/* clang-format off: it breaks these texts differently each time */
		{"the first retry still waits for its concurrency group",
		 "'state':'passed'," BUILD(AT("50")) "'jobs':[" FAILED("a", "b") RAN(
			 "00", "02", "09") "}," FAILED("c", "d")
			 RAN("00", "02", "08") "}," PASSED("b") "'type':'script','created_at':" AT(
				 "3"
				 "0") ",'runnable_at':" AT("33") ",'started_at':" AT("34") ",'finished_at'"
											   ":" AT("35") "}"
													"," PASSED("d") RAN(
														"31",
														"40",
														"50") "}]",
		 "{'attempt':2}", 0},
		/* clang-format on */
		{"a job ran, whose clock said that it couldn't",
		 "'state':'passed'," BUILD(AT("50")) "'jobs':[" FAILED("a", "b")
			 RAN("00", "01", "03") "}," PASSED("c") "'created_at':" AT("00") ",'started_at':" AT(
				 "02") ",'runnable_at':" AT("05") ",'finished_at':" AT("09") "}," PASSED("b")
				 RAN("04", "05", "50") "}]",
		 "{'attempt':1}", 0},
		{"the retried job says no finish",
		 "'state':'passed'," BUILD(
			 AT("50")) "'jobs':[{'id':'a','state':'limited','retried_in_job_id':'b',"
				   "'created_at':" AT("00") ",'started_at':" AT("02") "}," PASSED("b")
					   RAN("30", "31", "50") "}]",
		 "{'attempt':2}", 0},
		{"a block step stays open",
		 "'state':'passed','blocked':true," BUILD(AT("50")) "'jobs':[" FAILED("a", "b")
			 RAN("00", "02", "09") "},"
					       "{'type':'manual','state':'blocked','runnable_at':" AT(
						       "09") "}," PASSED("b") RAN("30", "31", "50") "}]",
		 "{'attempt':2,'state':'blocked','attempts':[{'state':'finished'},{'state':'blocked','"
		 "finished_at':null}]}",
		 0},
	};

	table_run(rows, COUNT(rows));
}

Test(attempts, show_the_newest_while_it_runs)
{
	static const struct row rows[] = {
		{"queued again, the old finish still there",
		 "'state':'scheduled'," BUILD(AT("09")) "'jobs':[{'id':'a','state':'canceled','retried_in_"
							"job_id':'b'," RAN("00", "02",
									   "09") "},{'id':'b','type':'script'"
										 ",'state':'scheduled','"
										 "created_at':" AT("30") "}]",
		 "{'state':'queued','attempt':2,'started_at':null,'finished_at':null,'duration_ms':null,"
		 "'queued_at':1767227400000,'queue_ms':null,'attempts':[{'state':'finished','result':'"
		 "cancellation',"
		 "'finished_at':1767226140000},{'attempt':2,'state':'queued','result':null,'started_at':null}"
		 "]}",
		 0},
		{"running again",
		 "'state':'running'," BUILD(
			 "null") "'jobs':[{'id':'a','state':'failed','soft_failed':true,"
				 "'retried_in_job_id':'b'," RAN(
					 "00", "02",
					 "09") "},{'id':'b','type':'script','state':'running','created_at'"
					       ":" AT("30") ",'started_at':" AT("31") "}]",
		 "{'state':'running','attempt':2,'started_at':1767227460000,'finished_at':null,"
		 "'attempts':[{'result':'success'},{'state':'running','finished_at':null}]}",
		 0},
		{"one of its jobs finished",
		 "'state':'running'," BUILD("null") "'jobs':[" FAILED("a", "b")
			 RAN("00", "02", "09") "}," FAILED("c", "d") RAN("00", "02", "09") "}," PASSED("b")
				 RAN("30", "31", "35") "},{'id':'d','state':'running','created_at':" AT(
					 "30") ",'started_at':" AT("31") "}]",
		 "{'attempt':2,'finished_at':null,'duration_ms':null}", 0},
		{"failed and cancelled jobs are a failure",
		 "'state':'running'," BUILD("null") "'jobs':[" FAILED("a", "b")
			 RAN("00", "02", "09") "},{'id':'c','state':'canceled'," RAN(
				 "00", "02",
				 "09") "},{'id':'b','state':'scheduled','created_at':" AT("30") "}]",
		 "{'attempts':[{'result':'failure'},{'result':null}]}", 0},
		{"finished, while the build's finish is still the old one",
		 "'state':'passed'," BUILD(AT("09")) "'jobs':[{'id':'a','state':'failed','retried_in_job_id':"
						     "'b'," RAN("00", "02", "09") "},{'id':'b','state':'"
										  "passed'," RAN("30", "31",
												 "35") "}]",
		 "{'attempt':2,'finished_at':1767227700000,'duration_ms':240000}", 0},
		{"started anew: the first start is its job's",
		 "'state':'passed','created_at':" AT("00") ",'started_at':" AT("31") ",'finished_at':" AT(
			 "35") ",'jobs':[{'id':'a','state':'expired','retried_in_"
			       "job_id':'b'," RAN("00", "03", "09") "},{'id':'b','state':'"
								    "passed'," RAN("30", "31", "35") "}]",
		 "{'attempt':2,'attempts':[{'started_at':1767225780000,'result':'failure'},{'started_at':"
		 "1767227460000}]}",
		 0},
	};

	table_run(rows, COUNT(rows));
}

Test(attempts, are_one_where_nothing_can_be_derived)
{
	static const struct row rows[] = {
		{"the first jobs aren't listed",
		 "'state':'passed'," BUILD(
			 AT("35")) "'jobs':[{'id':'b','state':'passed','retries_count':1,"
				   "'retry_source':{'job_id':'a','retry_type':'manual'}," RAN("30", "31",
											      "35") "}]",
		 "{'attempt':1,'started_at':1767225720000,'finished_at':1767227700000,'jobs':[{'attempt':2}]"
		 "}",
		 0},
		{"no times",
		 "'state':'passed'," BUILD(
			 AT("35")) "'jobs':[{'id':'a','retried_in_job_id':'b','state':'failed'},"
				   "{'id':'b','state':'passed'}]",
		 "{'attempt':1,'duration_ms':1980000}", 0},
		{"a trigger step that never ends",
		 "'state':'failed'," BUILD(AT("35")) "'jobs':[{'type':'trigger','state':'running','started_"
						     "at':" AT("02") "},{'id':'a','state':'failed','retried_"
								     "in_job_id':'b'," RAN(
									     "00", "02",
									     "09") "},{'id':'b','state':'"
										   "passed'," RAN("30", "31",
												  "35") "}]",
		 "{'attempt':1}", 0},
	};

	table_run(rows, COUNT(rows));
}
