"""The console's own rows: keys, sessions of tokens, jobs. The desk's rows are in `trading`."""

from backoffice.models.api_key import ApiKey
from backoffice.models.backtest_job import BacktestJob, JobState
from backoffice.models.second_factor import SecondFactor
from backoffice.models.token_family import TokenFamily

__all__ = ["ApiKey", "BacktestJob", "JobState", "SecondFactor", "TokenFamily"]
