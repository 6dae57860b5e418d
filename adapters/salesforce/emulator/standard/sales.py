"""Account, Contact, Opportunity and Task."""

from __future__ import annotations

from adapters.salesforce.emulator.fields import (
    FieldSpec,
    address,
    day,
    flag,
    lookup,
    moment,
    money,
    number,
    owner,
    pick,
    read_only,
    text,
)
from adapters.salesforce.emulator.schema import ObjectSpec

ACCOUNT_TYPES = (
    "Prospect",
    "Customer - Direct",
    "Customer - Channel",
    "Channel Partner / Reseller",
    "Installation Partner",
    "Technology Partner",
    "Other",
)
INDUSTRIES = (
    "Agriculture",
    "Apparel",
    "Banking",
    "Biotechnology",
    "Chemicals",
    "Communications",
    "Construction",
    "Consulting",
    "Education",
    "Electronics",
    "Energy",
    "Engineering",
    "Entertainment",
    "Environmental",
    "Finance",
    "Food & Beverage",
    "Government",
    "Healthcare",
    "Hospitality",
    "Insurance",
    "Machinery",
    "Manufacturing",
    "Media",
    "Not For Profit",
    "Other",
    "Recreation",
    "Retail",
    "Shipping",
    "Technology",
    "Telecommunications",
    "Transportation",
    "Utilities",
)
# Stage, probability in percent, closed, won, forecast category
STAGES = (
    ("Prospecting", 10, False, False, "Pipeline"),
    ("Qualification", 10, False, False, "Pipeline"),
    ("Needs Analysis", 20, False, False, "Pipeline"),
    ("Value Proposition", 50, False, False, "Pipeline"),
    ("Id. Decision Makers", 60, False, False, "Pipeline"),
    ("Perception Analysis", 70, False, False, "Pipeline"),
    ("Proposal/Price Quote", 75, False, False, "Pipeline"),
    ("Negotiation/Review", 90, False, False, "Pipeline"),
    ("Closed Won", 100, True, True, "Closed"),
    ("Closed Lost", 0, True, False, "Omitted"),
)
TASK_STATUSES = ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")
LEAD_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
MASTER_NOTE = "Master Record ID"


def sales_objects() -> list[ObjectSpec]:
    """Return Account, Contact, Opportunity and Task."""
    return [_account(), _contact(), _opportunity(), _task()]


def _account() -> ObjectSpec:
    spec = ObjectSpec("Account", "Account", "001", label_plural="Accounts", mergeable=True)
    spec.add(
        read_only(lookup("MasterRecordId", "Account", label=MASTER_NOTE)),
        text("Name", nillable=False, name_field=True, label="Account Name"),
        pick("Type", *ACCOUNT_TYPES, label="Account Type"),
        lookup("ParentId", "Account", child_relationship="ChildAccounts", on_delete="clear"),
        *address("Billing"),
        *address("Shipping"),
        FieldSpec("Phone", "phone", label="Account Phone"),
        FieldSpec("Fax", "phone", label="Account Fax"),
        text("AccountNumber", 40),
        FieldSpec("Website", "url"),
        text("Sic", 20, label="SIC Code"),
        pick("Industry", *INDUSTRIES),
        money("AnnualRevenue", scale=0),
        FieldSpec("NumberOfEmployees", "int", precision=8, label="Employees"),
        pick("Ownership", "Public", "Private", "Subsidiary", "Other"),
        text("TickerSymbol", 20),
        FieldSpec("Description", "textarea", "Account Description", 32000),
        pick("Rating", "Hot", "Warm", "Cold", label="Account Rating"),
        text("Site", 80, label="Account Site"),
        owner(),
        read_only(day("LastActivityDate")),
        text("DunsNumber", 9, label="D-U-N-S Number"),
        text("Tradestyle"),
        text("NaicsCode", 8),
        text("YearStarted", 4),
        text("SicDesc", 80),
        pick("AccountSource", *LEAD_SOURCES),
    )
    return spec


def _contact() -> ObjectSpec:
    spec = ObjectSpec("Contact", "Contact", "003", label_plural="Contacts", mergeable=True)
    spec.add(
        read_only(lookup("MasterRecordId", "Contact", label=MASTER_NOTE)),
        lookup("AccountId", "Account", child_relationship="Contacts", on_delete="cascade"),
        text("LastName", 80, nillable=False),
        text("FirstName", 40),
        pick("Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof."),
        read_only(text("Name", 121, nillable=False, name_field=True, label="Full Name")),
        *address("Mailing"),
        FieldSpec("Phone", "phone"),
        FieldSpec("MobilePhone", "phone"),
        FieldSpec("Email", "email"),
        text("Title", 128),
        text("Department", 80),
        lookup("ReportsToId", "Contact", relationship="ReportsTo", on_delete="clear"),
        pick("LeadSource", *LEAD_SOURCES),
        FieldSpec("Description", "textarea", length=32000),
        owner(),
        read_only(day("LastActivityDate")),
        flag("HasOptedOutOfEmail"),
    )
    return spec


def _opportunity() -> ObjectSpec:
    spec = ObjectSpec("Opportunity", "Opportunity", "006", label_plural="Opportunities")
    spec.add(
        lookup("AccountId", "Account", child_relationship="Opportunities", on_delete="cascade"),
        text("Name", 120, nillable=False, name_field=True),
        FieldSpec("Description", "textarea", length=32000),
        pick("StageName", *(stage[0] for stage in STAGES), nillable=False, label="Stage"),
        money("Amount"),
        number("Probability", 3, 0, type="percent"),
        read_only(money("ExpectedRevenue")),
        number("TotalOpportunityQuantity", 18, 2, label="Quantity"),
        day("CloseDate", nillable=False),
        pick("Type", "Existing Customer - Upgrade", "New Customer", label="Opportunity Type"),
        text("NextStep"),
        pick("LeadSource", *LEAD_SOURCES),
        read_only(flag("IsClosed", label="Closed")),
        read_only(flag("IsWon", label="Won")),
        read_only(pick("ForecastCategory", "Omitted", "Pipeline", "BestCase", "Closed")),
        pick("ForecastCategoryName", "Omitted", "Pipeline", "Best Case", "Commit", "Closed"),
        read_only(flag("HasOpportunityLineItem")),
        lookup("Pricebook2Id", "Pricebook2", relationship="Pricebook2"),
        owner(),
        lookup("ContactId", "Contact", on_delete="clear"),
        read_only(moment("LastStageChangeDate")),
        read_only(day("LastActivityDate")),
    )
    return spec


def _task() -> ObjectSpec:
    spec = ObjectSpec("Task", "Task", "00T", label_plural="Tasks")
    related = ("Account", "Opportunity", "Order", "Product2")
    spec.add(
        lookup("WhoId", "Contact", "Lead", relationship="Who", label="Name"),
        lookup("WhatId", *related, relationship="What", label="Related To"),
        text("Subject", name_field=True, type="combobox"),
        day("ActivityDate", label="Due Date Only"),
        pick("Status", *TASK_STATUSES, nillable=False, default="Not Started"),
        pick("Priority", "High", "Normal", "Low", nillable=False, default="Normal"),
        read_only(flag("IsHighPriority", label="High Priority")),
        owner(),
        FieldSpec("Description", "textarea", length=32000),
        pick("Type", "Call", "Email", "Meeting", "Other"),
        read_only(lookup("AccountId", "Account", child_relationship="Tasks", label="Account ID")),
        read_only(flag("IsClosed", label="Closed")),
        read_only(flag("IsArchived", label="Archived")),
        pick("TaskSubtype", "Task", "Email", "Call", default="Task", updateable=False),
        flag("IsReminderSet"),
        moment("ReminderDateTime"),
        read_only(moment("CompletedDateTime")),
    )
    return spec
