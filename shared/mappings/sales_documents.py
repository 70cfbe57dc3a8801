"""What orders and quotes of Sales have in common."""

#: Columns of a document in Sales besides those of its mapping's fields.
COLUMNS = (
    *("name", "description", "statecode", "statuscode", "requestdeliveryby"),
    *("_customerid_value", "_accountid_value", "_contactid_value", "_transactioncurrencyid_value"),
    *(
        "discountamount",
        "discountpercentage",
        "freightamount",
        "totallineitemamount",
        "totalamountlessfreight",
    ),
    *(f"{block}_{column}" for block in ("billto", "shipto") for column in ("line1", "line2", "postalcode")),
    *(f"{block}_{column}" for block in ("billto", "shipto") for column in ("city", "country")),
    *("billto_stateorprovince", "shipto_stateorprovince"),
    *("shippingmethodcode", "paymenttermscode", "freighttermscode"),
)
