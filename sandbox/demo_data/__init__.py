"""Companies to try Tandem on: one made up to any size, and one read from files.

Both give the rows of the BC simulator, set by set in an order that loads well, and the users that Sales starts
with. Everything else on the Sales side (organization, its currency GBP, application users, option sets) is in
the Dataverse simulator from the start.
"""

from sandbox.demo_data.from_files import CompanyFromFiles
from sandbox.demo_data.generate import GeneratedCompany
from sandbox.demo_data.load import DemoCompany, load_company, over_http

__all__ = ["CompanyFromFiles", "DemoCompany", "GeneratedCompany", "load_company", "over_http"]
