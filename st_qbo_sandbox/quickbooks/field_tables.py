"""Which properties each entity and each nested type has, with type and length.

Belongs here: the tables, in a short notation read by `fields.py`. They follow Intuit's entity pages (2023
to 2026 revisions), and for properties without a page the names of Intuit's finance v3 schema. Does not
belong here: rules that need more than one property.

Notation: `Name` is a text, `Name:21` a text of at most 21 characters, `:n` a decimal, `:i` an integer, `:b`
a boolean, `:d` a date, `:t` a time, `:x` anything, `:@X` an enumeration, `:X` a nested type; a star means a
list, an exclamation mark means read-only (accepted and ignored).
"""

from __future__ import annotations

ENUMERATIONS = {
    "EmailStatus": "NotSet NeedToSend EmailSent",
    "PrintStatus": "NotSet NeedToPrint PrintComplete",
    "BillableStatus": "Billable NotBillable HasBeenBilled",
    "POStatus": "Open Closed",
    "PaymentType": "Cash Check CreditCard Other",
    "PayType": "Check CreditCard",
    "GlobalTax": "TaxExcluded TaxInclusive NotApplicable",
    "PostingType": "Debit Credit",
    "ItemType": "Service NonInventory Inventory Category Group Assembly FixedAsset",
    "DetailType": (
        "SalesItemLineDetail DiscountLineDetail SubTotalLineDetail DescriptionOnly GroupLineDetail "
        "TaxLineDetail ItemBasedExpenseLineDetail AccountBasedExpenseLineDetail JournalEntryLineDetail "
        "DepositLineDetail PaymentLineDetail TDSLineDetail ReimburseLineDetail ItemAdjustmentLineDetail"
    ),
    "TermType": "STANDARD DATE_DRIVEN",
    "MethodType": "CREDIT_CARD NON_CREDIT_CARD",
    "EntityType": "Customer Vendor Employee",
    "Delivery": "Print Email None",
    "TxnStatus": "Pending Accepted Closed Rejected Converted",
    "Classification": "Asset Equity Expense Liability Revenue",
    "AccountType": (
        "Bank|Accounts Receivable|Other Current Asset|Fixed Asset|Other Asset|Accounts Payable|Credit "
        "Card|Other Current Liability|Long Term Liability|Equity|Income|Cost of Goods Sold|Expense|Other "
        "Income|Other Expense"
    ),
    "Applicable": "Sales Purchase",
}

_EVERY = "Id SyncToken domain sparse:b MetaData:Meta CustomField:Custom* AttachableRef:x* status NameAndId"
_TXN = (
    "DocNumber:21 TxnDate:d CurrencyRef:Ref ExchangeRate:n PrivateNote:4000 TxnStatus TxnSource "
    "DepartmentRef:Ref LinkedTxn:Link* TxnTaxDetail:Tax GlobalTaxCalculation:@GlobalTax "
    "TransactionLocationType ProjectRef:Ref HomeTotalAmt:n! RecurDataRef:Ref! TaxExemptionRef:Ref! "
    "TaxFormType TaxFormNum TotalAmt:n HomeBalance:n!"
)
_SALES = (
    "Line:Line* CustomerRef:Ref CustomerMemo:Memo BillAddr:Addr ShipAddr:Addr ShipFromAddr:Addr "
    "RemitToRef:Ref ClassRef:Ref SalesTermRef:Ref DueDate:d SalesRepRef:Ref PONumber FOB "
    "ShipMethodRef:Ref ShipDate:d TrackingNum ARAccountRef:Ref PrintStatus:@PrintStatus "
    "EmailStatus:@EmailStatus BillEmail:Mail BillEmailCc:Mails BillEmailBcc:Mails ApplyTaxAfterDiscount:b "
    "TemplateRef:Ref Balance:n! FinanceCharge:b PaymentMethodRef:Ref PaymentRefNum:100 "
    "DepositToAccountRef:Ref DeliveryInfo:x! FreeFormAddress:b! InvoiceLink! AutoDocNumber:b "
    "AllowOnlinePayment:b AllowOnlineCreditCardPayment:b AllowOnlineACHPayment:b AllowIPNPayment:b "
    "EInvoiceStatus PaymentType:@PaymentType CheckPayment:x CreditCardPayment:x Deposit:n DiscountRate:n "
    "DiscountAmt:n GovtTxnRefIdentifier ECloudStatus ECloudStatusTimeStamp:t invoiceStatus callToAction "
    "invoiceStatusLog:x* TotalAmt:n!"
)
_NAME = (
    "DisplayName:500 Title:16 GivenName:100 MiddleName:100 FamilyName:100 Suffix:16 FullyQualifiedName! "
    "CompanyName:100 PrintOnCheckName:110 UserId Active:b IntuitId Organization:b Source! "
    "PrimaryPhone:Tel AlternatePhone:Tel Mobile:Tel Fax:Tel PrimaryEmailAddr:Mail WebAddr:Web "
    "DefaultTaxCodeRef:Ref OtherContactInfo:x OtherAddr:x CurrencyRef:Ref BillAddr:Addr ShipAddr:Addr "
    "Notes:2000 AcctNum:100 HasTPAR:b GSTIN:15 GSTRegistrationType:15 BusinessNumber:10 V4IDPseudonym"
)
_BUY = (
    "Line:Line* VendorRef:Ref APAccountRef:Ref VendorAddr:Addr Balance:n! HomeBalance:n! "
    "IncludeInAnnualTPAR:b"
)

ENTITIES = {
    "Invoice": f"{_EVERY} {_TXN} {_SALES}",
    "Estimate": (f"{_EVERY} {_TXN} {_SALES} ExpirationDate:d AcceptedBy AcceptedDate:d TxnStatus:@TxnStatus"),
    "CreditMemo": f"{_EVERY} {_TXN} {_SALES} RemainingCredit:n! InvoiceRef:Ref",
    "RefundReceipt": f"{_EVERY} {_TXN} {_SALES} RemainingCredit:n!",
    "SalesReceipt": f"{_EVERY} {_TXN} {_SALES} PaymentRefNum:21",
    "Payment": (
        f"{_EVERY} {_TXN} Line:Line* CustomerRef:Ref RemitToRef:Ref ARAccountRef:Ref "
        "DepositToAccountRef:Ref PaymentMethodRef:Ref PaymentRefNum PaymentType:@PaymentType "
        "CheckPayment:x CreditCardPayment:x UnappliedAmt:n! ProcessPayment:b OverPayment:x! TotalAmt:n"
    ),
    "Bill": (
        f"{_EVERY} {_TXN} {_BUY} SalesTermRef:Ref DueDate:d PayerRef:Ref RemitToAddr:Addr ShipAddr:Addr "
        "TotalAmt:n!"
    ),
    "VendorCredit": f"{_EVERY} {_TXN} {_BUY} PayerRef:Ref TotalAmt:n!",
    "PurchaseOrder": (
        f"{_EVERY} {_TXN} {_BUY} TaxCodeRef:Ref ClassRef:Ref ReimbursableInfoRef:Ref SalesTermRef:Ref "
        "DueDate:d ExpectedDate:d ShipAddr:Addr ShipTo:Ref DropShipToEntity:Ref ShipMethodRef:Ref FOB "
        "POEmail:Mail TemplateRef:Ref PrintStatus:@PrintStatus EmailStatus:@EmailStatus ManuallyClosed:b "
        "POStatus:@POStatus Memo:4000 VendorMessage TotalAmt:n!"
    ),
    "BillPayment": (
        f"{_EVERY} {_TXN} Line:Line* VendorRef:Ref APAccountRef:Ref PayType:@PayType TotalAmt:n "
        "ProcessBillPayment:b CheckPayment:BillCheck CreditCardPayment:BillCard PrintStatus:@PrintStatus "
        "CheckNum"
    ),
    "Purchase": (
        f"{_EVERY} {_TXN} Line:Line* AccountRef:Ref PaymentMethodRef:Ref PaymentRefNum "
        "PaymentType:@PaymentType EntityRef:Ref RemitToAddr:Addr Credit:b PrintStatus:@PrintStatus "
        "PurchaseEx:x TotalAmt:n! CheckPayment:x CreditCardPayment:x VendorAddr:Addr "
        "IncludeInAnnualTPAR:b"
    ),
    "Deposit": (
        f"{_EVERY} {_TXN} Line:Line* DepositToAccountRef:Ref CashBack:CashBack ClassRef:Ref TotalAmt:n!"
    ),
    "JournalEntry": (
        f"{_EVERY} {_TXN} Line:Line* Adjustment:b HomeCurrencyAdjustment:b TaxRateRef:Ref TotalAmt:n!"
    ),
    "Transfer": f"{_EVERY} {_TXN} FromAccountRef:Ref ToAccountRef:Ref Amount:n",
    "Customer": (
        f"{_EVERY} {_NAME} Taxable:b ResaleNum:16 SecondaryTaxIdentifier PrimaryTaxIdentifier Job:b "
        "JobInfo:x BillWithParent:b RootCustomerRef:Ref! ParentRef:Ref Level:i! CustomerTypeRef:Ref "
        "SalesTermRef:Ref SalesRepRef:Ref TaxGroupCodeRef:Ref TaxRateRef:Ref PaymentMethodRef:Ref "
        "CCDetail:x PriceLevelRef:Ref Balance:n OpenBalanceDate:d BalanceWithJobs:n! CreditLimit:n "
        "OverDueBalance:n! TotalRevenue:n! TotalExpense:n! ARAccountRef:Ref "
        "PreferredDeliveryMethod:@Delivery IsProject:b! ClientEntityId! ClientCompanyId "
        "TaxExemptionReasonId AltContactName"
    ),
    "Vendor": (
        f"{_EVERY} {_NAME} ContactName AltContactName TaxCountry TaxIdentifier:20 TaxIdEffectiveDate:d "
        "BusinessNumber:10 ParentRef:Ref VendorTypeRef:Ref TermRef:Ref PrefillAccountRef:Ref Balance:n! "
        "BillRate:n CostRate:n OpenBalanceDate:d CreditLimit:n Vendor1099:b T4AEligible:b T5018Eligible:b "
        "APAccountRef:Ref TaxReportingBasis VendorPaymentBankDetail:x PrintOnCheckName:100 "
        "PaymentMethodRef:Ref"
    ),
    "Employee": (
        f"{_EVERY} {_NAME} EmployeeType EmployeeNumber:100 SSN:100 PrimaryAddr:Addr OtherAddr:x "
        "BillableTime:b BillRate:n CostRate:n BirthDate:d Gender HiredDate:d ReleasedDate:d UseTimeEntry "
        "EmailAddress:x PrintOnCheckName:110"
    ),
    "Item": (
        f"{_EVERY} Name:100 Sku:100 Description:4000 Active:b SubItem:b ParentRef:Ref Level:i! "
        "FullyQualifiedName! Taxable:b SalesTaxIncluded:b PercentBased:b UnitPrice:n RatePercent:n "
        "Type:@ItemType PaymentMethodRef:Ref UOMSetRef:Ref IncomeAccountRef:Ref PurchaseDesc:1000 "
        "PurchaseTaxIncluded:b PurchaseCost:n ExpenseAccountRef:Ref COGSAccountRef:Ref "
        "AssetAccountRef:Ref PrefVendorRef:Ref AvgCost:n! TrackQtyOnHand:b QtyOnHand:n "
        "QtyOnPurchaseOrder:n! QtyOnSalesOrder:n! ReorderPoint:n ManPartNum DepositToAccountRef:Ref "
        "SalesTaxCodeRef:Ref PurchaseTaxCodeRef:Ref InvStartDate:d BuildPoint:n PrintGroupedItems:b "
        "SpecialItem:b SpecialItemType ItemGroupDetail:x ItemAssemblyDetail:x AbatementRate:n "
        "ReverseChargeRate:n ServiceType ItemCategoryType Source! TaxClassificationRef:Ref "
        "UQCDisplayText:25 UQCId ClassRef:Ref DeferredRevenue:b"
    ),
    "Account": (
        f"{_EVERY} Name:100 SubAccount:b! ParentRef:Ref Description:100 FullyQualifiedName! AccountAlias "
        "TxnLocationType Active:b Classification:@Classification AccountType:@AccountType AccountSubType "
        "AcctNum:20 AcctNumExtn BankNum OpeningBalance:n OpeningBalanceDate:d CurrentBalance:n! "
        "CurrentBalanceWithSubAccounts:n! CurrencyRef:Ref TaxAccount:b TaxCodeRef:Ref "
        "OnlineBankingEnabled:b FIName JournalCodeRef:Ref"
    ),
    "Class": f"{_EVERY} Name:100 SubClass:b ParentRef:Ref FullyQualifiedName! Active:b",
    "Department": (
        f"{_EVERY} Name:100 SubDepartment:b! ParentRef:Ref FullyQualifiedName! Active:b Address:Addr"
    ),
    "Term": (
        f"{_EVERY} Name:31 Active:b Type:@TermType DiscountPercent:n DueDays:i DiscountDays:i "
        "DayOfMonthDue:i DueNextMonthDays:i DiscountDayOfMonth:i"
    ),
    "PaymentMethod": f"{_EVERY} Name:31 Active:b Type:@MethodType",
    "TaxAgency": (
        f"{_EVERY} DisplayName:100 TaxTrackedOnSales:b! TaxTrackedOnPurchases:b! TaxRegistrationNumber! "
        "LastFileDate:d! TaxAgencyConfig! TaxTrackedOnPurchasesAccountRef:Ref! "
        "TaxTrackedOnSalesAccountRef:Ref!"
    ),
    "TaxCode": (
        f"{_EVERY} Name:100 Description:100 Active:b Hidden:b Taxable:b TaxGroup:b SalesTaxRateList:x "
        "PurchaseTaxRateList:x AdjustmentTaxRateList:x TaxCodeConfigType"
    ),
    "TaxRate": (
        f"{_EVERY} Name:100 Description:100 Active:b RateValue:n AgencyRef:Ref SpecialTaxType DisplayType "
        "EffectiveTaxRate:x* TaxReturnLineRef:Ref OriginalTaxRate"
    ),
    "CompanyInfo": (
        f"{_EVERY} CompanyName:1024 LegalName:1024 CompanyAddr:Addr CustomerCommunicationAddr:Addr "
        "LegalAddr:Addr CompanyEmailAddr:Mail CustomerCommunicationEmailAddr:Mail CompanyURL:Web "
        "PrimaryPhone:Tel OtherContactInfo:x CompanyFileName FlavorStratum SampleFile:b CompanyUserId "
        "CompanyUserAdminEmail CompanyStartDate! EmployerId FiscalYearStartMonth TaxYearStartMonth "
        "QBVersion Country ShipAddr:Addr OtherAddr:x Mobile:Tel Fax:Tel Email:Mail WebAddr:Web "
        "LastImportedTime! LastSyncTime! SupportedLanguages DefaultTimeZone MultiByteCharsSupported:b "
        "NameValue:x* FifoStartDate:d"
    ),
    "Preferences": (
        f"{_EVERY} AccountingInfoPrefs:x ProductAndServicesPrefs:x AdvancedInventoryPrefs:x "
        "SalesFormsPrefs:x EmailMessagesPrefs:x PrintDocumentPrefs:x VendorAndPurchasesPrefs:x "
        "TimeTrackingPrefs:x TaxPrefs:x FinanceChargesPrefs:x CurrencyPrefs:x ReportPrefs:x OtherPrefs:x"
    ),
}

STRUCTURES = {
    "Ref": "value name type",
    "Addr": (
        "Id! Line1:500 Line2:500 Line3:500 Line4:500 Line5:500 City:255 Country:255 CountryCode "
        "CountrySubDivisionCode:255 PostalCode:30 PostalCodeSuffix Lat! Long! Tag Note Type County"
    ),
    "Mail": "Id! Address:100 Default:b Tag",
    "Mails": "Id! Address:200 Default:b Tag",
    "Tel": (
        "Id! DeviceType CountryCode AreaCode ExchangeCode Extension FreeFormNumber:30 Default:b Tag "
        "NumberAsString Number"
    ),
    "Web": "Id! URI:1000 Default:b Tag OtherContactInfo:x",
    "Memo": "value:1000 id",
    "Meta": (
        "CreateTime! LastUpdatedTime! CreatedByRef:Ref! LastModifiedByRef:Ref! LastChangedInQB! "
        "Synchronized:b!"
    ),
    "Custom": "DefinitionId Name Type StringValue BooleanValue:x DateValue:d NumberValue:n",
    "Link": "TxnId TxnType TxnLineId",
    "Tax": (
        "DefaultTaxCodeRef:Ref TxnTaxCodeRef:Ref TotalTax:n TaxLine:Line* UseAutomatedSalesTax:b "
        "TaxReviewStatus TaxReviewReason"
    ),
    "CashBack": "AccountRef:Ref Amount:n Memo:4000",
    "BillCheck": "BankAccountRef:Ref PrintStatus:@PrintStatus CheckDetail:x PayeeAddr:Addr",
    "BillCard": "CCAccountRef:Ref CCDetail:x",
    "Line": (
        "Id LineNum:n Description:4000 Amount:n Received:n LinkedTxn:Link* DetailType:@DetailType "
        "ProjectRef:Ref CustomField:Custom* LineEx:x SalesItemLineDetail:SalesDetail "
        "DiscountLineDetail:DiscountDetail SubTotalLineDetail:x SubtotalLineDetail:x "
        "DescriptionLineDetail:TextDetail GroupLineDetail:GroupDetail TaxLineDetail:TaxDetail "
        "ItemBasedExpenseLineDetail:ItemDetail AccountBasedExpenseLineDetail:AccountDetail "
        "JournalEntryLineDetail:JournalDetail DepositLineDetail:DepositDetail PaymentLineDetail:x "
        "TDSLineDetail:x ReimburseLineDetail:x ItemAdjustmentLineDetail:x CostRate:n CostAmount:n "
        "HomeTotalAmt:n!"
    ),
    "SalesDetail": (
        "ItemRef:Ref ClassRef:Ref UnitPrice:n RatePercent:n PriceLevelRef:Ref MarkupInfo:x Qty:n UOMRef:x "
        "ItemAccountRef:Ref InventorySiteRef:Ref TaxCodeRef:Ref ServiceDate:d DiscountRate:n "
        "DiscountAmt:n TaxInclusiveAmt:n TaxClassificationRef:Ref DeferredRevenue:b"
    ),
    "DiscountDetail": (
        "ServiceDate:d ClassRef:Ref TaxCodeRef:Ref Discount:x PercentBased:b DiscountPercent:n "
        "DiscountAccountRef:Ref DiscountRef:Ref"
    ),
    "TextDetail": "ServiceDate:d TaxCodeRef:Ref",
    "GroupDetail": "GroupItemRef:Ref Quantity:n Line:Line* UOMRef:x ServiceDate:d",
    "TaxDetail": (
        "TaxRateRef:Ref PercentBased:b TaxPercent:n NetAmountTaxable:n TaxInclusiveAmount:n "
        "OverrideDeltaAmount:n ServiceDate:d"
    ),
    "ItemDetail": (
        "ItemRef:Ref ClassRef:Ref UnitPrice:n Qty:n UOMRef:x ItemAccountRef:Ref TaxCodeRef:Ref "
        "PriceLevelRef:Ref MarkupInfo:x CustomerRef:Ref BillableStatus:@BillableStatus TaxInclusiveAmt:n "
        "RatePercent:n InventorySiteRef:Ref"
    ),
    "AccountDetail": (
        "CustomerRef:Ref ClassRef:Ref AccountRef:Ref BillableStatus:@BillableStatus MarkupInfo:x "
        "TaxAmount:n TaxCodeRef:Ref TaxInclusiveAmt:n"
    ),
    "JournalDetail": (
        "PostingType:@PostingType Entity:EntityOf AccountRef:Ref ClassRef:Ref DepartmentRef:Ref "
        "TaxCodeRef:Ref TaxRateRef:Ref TaxApplicableOn:@Applicable TaxAmount:n TaxInclusiveAmt:n "
        "BillableStatus:@BillableStatus JournalCodeRef:Ref"
    ),
    "EntityOf": "Type:@EntityType EntityRef:Ref",
    "DepositDetail": (
        "Entity:x ClassRef:Ref AccountRef:Ref PaymentMethodRef:Ref CheckNum TxnType TaxCodeRef:Ref "
        "TaxApplicableOn:@Applicable"
    ),
}
